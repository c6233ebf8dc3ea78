//! One verb per file: its arguments and its `run`.
