//! AWS: reading assertions, and STS.
