//! Shibboleth.
