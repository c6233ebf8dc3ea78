//! PingFederate with PingID.
