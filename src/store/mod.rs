//! What is kept on this computer: keys, sessions, what was learned, stored secrets.
