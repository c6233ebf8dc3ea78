//! AD FS.
