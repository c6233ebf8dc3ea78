//! Temporary keys as STS gives them.

use chrono::{DateTime, Utc};

use crate::secret::Secret;

/// Access key id, secret key, session token and when they expire.
#[derive(Clone, Debug)]
pub struct SessionCredentials {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    pub session_token: Secret,
    pub expires_at: DateTime<Utc>,
}

/// Temporary keys begin with `ASIA`; anything else is somebody's long-lived key (AWS IAM, unique identifiers).
pub fn is_temporary(access_key_id: &str) -> bool {
    access_key_id.starts_with("ASIA")
}
