//! Commands of the person that print a secret: a password manager, a code generator.
