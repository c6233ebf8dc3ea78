//! Any page as AWS's page of accounts: account ids with names for people, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mai::aws::account_page::names;
use mai::config::values::is_account;

fuzz_target!(|page: &str| {
    for (id, name) in names(page) {
        assert!(is_account(&id), "{id}");
        assert!(!name.trim().is_empty(), "{id}");
    }
});
