//! `mai doctor`.
