//! The binary: harden the process, run the command, leave with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    mai::process::harden(mai::commands::clean_up);
    mai::commands::main()
}
