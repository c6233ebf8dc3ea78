//! What people call an account: as configured, else as learned.

use crate::config::Config;
use crate::store::learned::Learned;

/// The name of an account, if it has one.
pub fn account_name<'a>(
    config: &'a Config,
    learned: &'a Learned,
    account: &str,
) -> Option<&'a str> {
    config
        .account_name(account)
        .or_else(|| learned.account_name(account))
}
