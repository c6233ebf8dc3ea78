//! The straight line of a login, the only room that knows both an identity provider and AWS.
