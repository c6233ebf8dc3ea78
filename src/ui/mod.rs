//! Words to stderr, questions to the terminal, data to stdout.
