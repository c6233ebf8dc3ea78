//! `mai create`.
