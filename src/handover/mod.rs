//! Keys for other programs: as variables, as text that a shell or a program reads, or by becoming the program.

pub mod calling_shell;
pub mod documents;
pub mod environment;
pub mod names;
pub mod process;
pub mod spelling;
