//! `profiles.yaml` and its layers.
