//! `mai set-default`: the profile for `mai` without names.

use clap::Args;

use super::run::Run;
use crate::error::{Error, Result};

#[derive(Args)]
pub struct SetDefault {}

impl SetDefault {
    pub fn run(self, _run: &Run) -> Result<u8> {
        Err(Error::usage("`mai set-default` is not in this version"))
    }
}
