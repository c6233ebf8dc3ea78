//! The binary: the prompt first; else harden the process, run the command, leave with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before everything else, since a shell waits for it at each prompt.
    if mai::prompt::drawn() {
        return ExitCode::SUCCESS;
    }
    mai::process::harden(mai::commands::clean_up);
    mai::commands::main()
}
