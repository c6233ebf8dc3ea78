//! Second factors, the same for every provider.

pub mod code;
pub mod push;
