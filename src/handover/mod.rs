//! Keys for other programs: as variables, as text that a shell or a program reads, by becoming the program, or from an
//! endpoint.

pub mod calling_shell;
pub mod child;
pub mod documents;
pub mod endpoint;
pub mod environment;
pub mod identity;
pub mod keeper;
pub mod names;
pub mod process;
pub mod served;
pub mod spelling;
