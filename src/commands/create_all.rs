//! `mai create-all`: a profile for each role.

use clap::Args;

use super::run::Run;
use crate::error::{Error, Result};

#[derive(Args)]
pub struct CreateAll {}

impl CreateAll {
    pub fn run(self, _run: &Run) -> Result<u8> {
        Err(Error::usage("`mai create-all` is not in this version"))
    }
}
