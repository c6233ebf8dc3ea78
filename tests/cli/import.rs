//! `mai import`.
