//! PingFederate and PingID.
