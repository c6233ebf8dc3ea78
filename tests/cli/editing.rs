//! `mai delete` and `mai set-default`: profiles.yaml is changed and nothing in it is lost.
