//! Conversations with HTTP servers: the one client, cookies, and where a secret may go.
