//! Keys for other programs: as variables, as text that a shell or a program reads, by becoming the program, from an
//! endpoint, or as a browser that is signed in with them.

pub mod browser;
pub mod callers;
pub mod child;
pub mod console;
pub mod critical;
pub mod default_section;
pub mod documents;
pub mod endpoint;
pub mod environment;
pub mod evaluated;
pub mod identity;
pub mod keeper;
mod left_alone;
mod loopback;
pub mod names;
pub mod one_shot;
pub mod process;
pub mod section;
pub mod served;
pub mod spelling;
pub mod wanted;
