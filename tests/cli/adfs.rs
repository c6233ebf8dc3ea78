//! AD FS and its second factors.
