//! `mai import`: the configuration of another tool, taken over.

use clap::Args;

use super::run::Run;
use crate::error::{Error, Result};

#[derive(Args)]
pub struct Import {}

impl Import {
    pub fn run(self, _run: &Run) -> Result<u8> {
        Err(Error::usage("`mai import` is not in this version"))
    }
}
