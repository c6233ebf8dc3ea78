//! `mai delete`: a profile less.

use clap::Args;

use super::run::Run;
use crate::error::{Error, Result};

#[derive(Args)]
pub struct Delete {}

impl Delete {
    pub fn run(self, _run: &Run) -> Result<u8> {
        Err(Error::usage("`mai delete` is not in this version"))
    }
}
