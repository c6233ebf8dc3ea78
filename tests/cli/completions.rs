//! Completions that know the profiles.
