//! The real binary, run as a person runs it: a home of its own, the testbed for a company, a pseudo-terminal where it
//! asks.

mod support;

mod basics;
mod commands;
mod config;
mod credentials;
mod durations;
mod files;
mod homes;
mod pages;
mod passwords;
mod processes;
mod profiles;
mod refusals;
mod roles;
mod secrets;
mod sessions;
mod signals;
mod sts;
