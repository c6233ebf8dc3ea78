//! The testbed as a client sees it.

mod client;
mod faces;
mod faults;
mod lookalikes;
mod odd_forms;
mod redeeming;
mod signing_in;
mod token_service;
mod transport;
