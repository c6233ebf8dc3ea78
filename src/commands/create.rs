//! `mai create`: a new profile.

use clap::Args;

use super::run::Run;
use crate::error::{Error, Result};

#[derive(Args)]
pub struct Create {}

impl Create {
    pub fn run(self, _run: &Run) -> Result<u8> {
        Err(Error::usage("`mai create` is not in this version"))
    }
}
