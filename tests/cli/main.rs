//! The real binary, run as a person runs it: a home of its own, the testbed for a company, a pseudo-terminal where it
//! asks. Pseudo-terminals, signals and modes are those of Unix.
#![cfg(unix)]

mod clock;
mod running;
mod sign_ins;
mod support;

mod adfs;
mod agent;
mod basics;
mod cas;
mod chains;
mod children;
mod classic;
mod commands;
mod completions;
mod config;
mod configure_process;
mod console;
mod create;
mod create_all;
mod create_refusals;
mod create_users;
mod credentials;
mod default_section;
mod doctor;
mod durations;
mod editing;
mod env;
mod exec;
mod files;
mod homes;
mod import;
mod init;
mod init_words;
mod kept_sessions;
mod lemonldap;
mod logout;
mod openam;
mod pages;
mod passwords;
mod pinentry;
mod pingfederate;
mod process_keys;
mod processes;
mod profiles;
mod prompt;
mod python_keyring;
mod recording;
mod refresh;
mod refusals;
mod refused_passwords;
mod require;
mod roles;
mod secrets;
mod serve;
mod serve_formats;
mod serve_logout;
mod service;
mod sessions;
mod shibboleth;
mod signals;

mod sts;
mod waiting;
mod whoami;
