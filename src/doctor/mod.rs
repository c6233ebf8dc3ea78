//! What is wrong here, and where each setting and each secret is.
