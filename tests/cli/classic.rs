//! What the Python Mai left behind: `mai.yaml`, its keyring entries, its ways of being called.
