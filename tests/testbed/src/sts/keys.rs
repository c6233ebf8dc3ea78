//! Temporary keys: made, kept, found again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::encoding::{instant, random, to_base32, to_base64};
use crate::saml::escape;

/// Keys that STS has given out.
#[derive(Clone)]
pub(crate) struct SessionKeys {
    pub id: String,
    pub secret: String,
    pub token: String,
    pub expires: DateTime<Utc>,
    pub account: String,
    /// `arn:aws:sts::…:assumed-role/NAME/SESSION`
    pub arn: String,
    /// `AROA…:SESSION`
    pub user_id: String,
}

/// All keys given out so far.
#[derive(Default)]
pub(crate) struct KeyRing {
    by_id: HashMap<String, SessionKeys>,
}

impl KeyRing {
    /// Makes keys for a session of a role and keeps them.
    pub fn issue(&mut self, role_arn: &str, session: &str, expires: DateTime<Utc>) -> SessionKeys {
        let (partition, account, path) = split(role_arn);
        let name = path.rsplit('/').next().unwrap_or(path);
        let keys = SessionKeys {
            id: key_id(account),
            secret: to_base64(random::<30>()),
            token: to_base64(random::<300>()),
            expires,
            account: account.to_owned(),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}"),
            user_id: format!("{}:{session}", role_id(role_arn)),
        };
        self.by_id.insert(keys.id.clone(), keys.clone());
        keys
    }

    pub fn get(&self, id: &str) -> Option<&SessionKeys> {
        self.by_id.get(id)
    }

    /// Makes all keys expire now.
    pub fn expire_all(&mut self, now: DateTime<Utc>) {
        for keys in self.by_id.values_mut() {
            keys.expires = now;
        }
    }
}

impl SessionKeys {
    /// `Credentials` and `AssumedRoleUser` as XML.
    pub fn to_xml(&self) -> String {
        format!(
            "<Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
             <Expiration>{}</Expiration></Credentials>\n<AssumedRoleUser><AssumedRoleId>{}</AssumedRoleId><Arn>{}</Arn></AssumedRoleUser>\n",
            self.id,
            self.secret,
            self.token,
            instant(self.expires),
            escape(&self.user_id),
            escape(&self.arn),
        )
    }
}

/// Partition, account and the part after `role/` of a role's ARN.
pub(crate) fn split(arn: &str) -> (&str, &str, &str) {
    let mut parts = arn.splitn(6, ':');
    let partition = parts.nth(1).unwrap_or_default();
    let account = parts.nth(2).unwrap_or_default();
    let resource = parts.next().unwrap_or_default();
    let path = resource.split_once('/').map_or(resource, |(_, path)| path);
    (partition, account, path)
}

/// A key id that encodes its account, as AWS's have since 2019.
fn key_id(account: &str) -> String {
    let number: u64 = account.parse().unwrap_or(0);
    let mut bytes = random::<10>();
    let low = u64::from(bytes[5] & 0x7f);
    // The top bit is no part of the account; AWS's ids have it set.
    let head = (1 << 47) | (number << 7) | low;
    bytes[..6].copy_from_slice(&head.to_be_bytes()[2..]);
    format!("ASIA{}", to_base32(&bytes))
}

fn role_id(role_arn: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, role_arn.as_bytes());
    format!("AROA{}", &to_base32(hash.as_ref())[..17])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::from_base32;

    fn account_of(id: &str) -> String {
        let bytes = from_base32(&id[4..]).unwrap();
        let mut head = [0; 8];
        head[2..].copy_from_slice(&bytes[..6]);
        format!("{:012}", (u64::from_be_bytes(head) & 0x7fff_ffff_ff80) >> 7)
    }

    #[test]
    fn a_key_id_names_its_account() {
        assert_eq!(account_of("ASIAQNZGKIQY56JQ7WML"), "029608264753");
        for account in ["029608264753", "999999999999", "000000000001"] {
            let id = key_id(account);
            assert_eq!((id.len(), account_of(&id).as_str()), (20, account), "{id}");
        }
    }

    #[test]
    fn the_arn_of_a_session_drops_the_path() {
        let keys = KeyRing::default().issue(
            "arn:aws-cn:iam::111111111111:role/team/x/R",
            "ada",
            Utc::now(),
        );
        assert_eq!(keys.arn, "arn:aws-cn:sts::111111111111:assumed-role/R/ada");
    }
}
