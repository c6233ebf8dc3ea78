//! Apereo CAS.
