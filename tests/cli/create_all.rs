//! `mai create-all`.
