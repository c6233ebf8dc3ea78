//! Conversations with HTTP servers: the one client, cookies, and where a secret may go.

pub mod body;
pub mod browser_session;
pub mod client;
mod explain;
pub mod hops;
pub mod jar;
pub mod proxy;
pub mod roots;
pub mod storage;
pub mod trace;
pub mod visitor;

#[cfg(test)]
pub(crate) mod test_server;
#[cfg(test)]
pub(crate) mod test_tls;
