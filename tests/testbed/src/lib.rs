//! A SAML identity provider with many faces and an STS that checks, on loopback, with faults on demand.
//!
//! A [`Testbed`] runs until it is dropped. The identity provider signs its responses for real, and the STS
//! verifies them for real: what passes here was signed by the provider that the role trusts, in time, for AWS,
//! and offered the role. Keys that the STS gives out work for signed calls until they expire.
//!
//! ```no_run
//! use mai_testbed::{Fault, Server, Testbed};
//!
//! let testbed = Testbed::start();
//! testbed.set(Fault::Latency { server: Server::Idp, millis: 50 });
//! println!("sign in as ada at {}", testbed.face("simple"));
//! ```

mod encoding;
mod faults;
mod idp;
mod saml;
mod seen;
mod server;
mod sts;
mod testbed;
mod tls;
mod users;
mod web;
mod world;

pub use faults::{AssertionFault, Fault};
pub use saml::response::Signed;
pub use seen::{Seen, Server};
pub use sts::RoleRules;
pub use testbed::{Setup, Testbed};
pub use users::{
    Device, Namespaces, ODD_PASSWORD, PASSWORD, PairOrder, Role, TABLET_SECRET, TOTP_SECRET, User,
    Users, totp,
};
