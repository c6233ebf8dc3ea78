//! `mai doctor`: what is wrong here.

use clap::Args;

use super::run::Run;
use crate::error::{Error, Result};

#[derive(Args)]
pub struct Doctor {}

impl Doctor {
    pub fn run(self, _run: &Run) -> Result<u8> {
        Err(Error::usage("`mai doctor` is not in this version"))
    }
}
