//! LemonLDAP::NG.
