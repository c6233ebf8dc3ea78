//! The rooms of `mai`, from the top shelf to the ground; `main.rs`, tests, benches and fuzz targets enter here.
//!
//! This is no public API: names and signatures change without notice. A module imports only from shelves below its
//! own (`tests/shelves.rs` holds it to that).
#![forbid(unsafe_code)]

// Shelf 1, the ground: values every room may hold.
pub mod arn;
pub mod assertion;
pub mod clock;
pub mod duration;
pub mod error;
pub mod helper_command;
pub mod keys;
pub mod paths;
pub mod presence;
pub mod process;
pub mod secret;

// Shelf 2, the doors: each speaks to one thing outside the program.
pub mod config;
pub mod net;
pub mod store;
pub mod ui;

// Shelf 3, conversations.
pub mod aws;
pub mod idp;

// Shelf 4, the straight line.
pub mod login;

// Shelf 5, what surrounds a login.
pub mod agent;
pub mod doctor;
pub mod handover;
pub mod prompt;
pub mod setup;

// Shelf 6, the verbs.
pub mod commands;
