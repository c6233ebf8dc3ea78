//! Signing in to an identity provider over HTTP: from a start URL to an assertion.
