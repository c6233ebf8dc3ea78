//! The people who sign in, and the roles that each is offered.

use ring::hmac;

use crate::encoding::from_base32;

/// The password of everybody who has no other.
pub const PASSWORD: &str = "correct horse";
/// The password of zoe: what forms and charsets get wrong.
pub const ODD_PASSWORD: &str = "p&ä ss<>\"'%+=;#\\";
/// The TOTP secret of otto, and of those who have none where the `otp` face asks for a code.
pub const TOTP_SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
/// The TOTP secret of kim's second device.
pub const TABLET_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// A role that an assertion offers and that STS knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub partition: String,
    /// Twelve digits.
    pub account: String,
    /// The name with its path, if any: `team/x/Name`.
    pub name: String,
    /// The name of the SAML provider in that account.
    pub provider: String,
    /// The role's `MaxSessionDuration` in seconds.
    pub max_session: u32,
    /// False for a role that the assertion offers but that STS does not know.
    pub exists: bool,
}

impl Role {
    /// A role of the `aws` partition with the provider `corp` and an hour at most.
    pub fn new(account: &str, name: &str) -> Self {
        Self {
            partition: "aws".into(),
            account: account.into(),
            name: name.into(),
            provider: "corp".into(),
            max_session: 3600,
            exists: true,
        }
    }

    /// The same role with another `MaxSessionDuration`.
    pub fn max(mut self, seconds: u32) -> Self {
        self.max_session = seconds;
        self
    }

    /// The same role in another partition.
    pub fn partition(mut self, partition: &str) -> Self {
        self.partition = partition.into();
        self
    }

    /// The same role, unknown to STS.
    pub fn missing(mut self) -> Self {
        self.exists = false;
        self
    }

    /// The role's ARN.
    pub fn arn(&self) -> String {
        format!(
            "arn:{}:iam::{}:role/{}",
            self.partition, self.account, self.name
        )
    }

    /// The ARN of the SAML provider that the role trusts.
    pub fn provider_arn(&self) -> String {
        format!(
            "arn:{}:iam::{}:saml-provider/{}",
            self.partition, self.account, self.provider
        )
    }
}

/// Which half of a `Role` value comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairOrder {
    /// `role,provider`, as AWS documents it.
    RoleFirst,
    /// `provider,role`, as several products send it.
    ProviderFirst,
}

/// The namespace prefixes of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// `saml2p:` and `saml2:`.
    Saml2,
    /// `samlp:` and `saml:`.
    Saml,
    /// None: default namespaces.
    Default,
}

/// What an authenticator app holds for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What the chooser calls it.
    pub name: String,
    /// The base32 secret.
    pub secret: String,
}

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What is typed into the user field, and the role session name.
    pub name: String,
    /// What is typed into the password field.
    pub password: String,
    /// The roles that the assertion offers, in order.
    pub roles: Vec<Role>,
    /// The account is locked; also set by five wrong passwords in a row.
    pub locked: bool,
    /// The password was right but must be changed.
    pub password_expired: bool,
    /// One-time code generators; none means no second factor.
    pub devices: Vec<Device>,
    /// The `SessionDuration` attribute, in seconds.
    pub session_duration: Option<u32>,
    /// The `RoleSessionName` attribute, if it is not the name.
    pub session_name: Option<String>,
    /// The order within the `Role` values.
    pub pair_order: PairOrder,
    /// The prefixes of the response.
    pub namespaces: Namespaces,
}

impl User {
    /// Somebody with [`PASSWORD`], no second factor and no role.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            password: PASSWORD.into(),
            roles: Vec::new(),
            locked: false,
            password_expired: false,
            devices: Vec::new(),
            session_duration: None,
            session_name: None,
            pair_order: PairOrder::RoleFirst,
            namespaces: Namespaces::Saml2,
        }
    }

    /// The same user with one more role.
    pub fn role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// The same user with another password.
    pub fn password(mut self, password: &str) -> Self {
        self.password = password.into();
        self
    }

    /// The same user with one more code generator.
    pub fn device(mut self, name: &str, secret: &str) -> Self {
        self.devices.push(Device {
            name: name.into(),
            secret: secret.into(),
        });
        self
    }
}

/// Everybody the identity provider knows.
#[derive(Clone, Debug, Default)]
pub struct Users {
    all: Vec<User>,
}

impl Users {
    /// The people that every testbed starts with.
    pub fn usual() -> Self {
        let one = |name| User::new(name).role(Role::new("111111111111", "ReadOnly"));
        let ada = User::new("ada")
            .role(Role::new("111111111111", "PowerUser").max(43_200))
            .role(Role::new("111111111111", "ReadOnly"))
            .role(Role::new("222222222222", "ReadOnly"))
            .role(Role::new("222222222222", "Admin").max(7200));
        let mut dora = User::new("dora");
        for account in 0..30 {
            let account = format!("3000000000{account:02}");
            for role in 0..15 {
                dora = dora.role(Role::new(&account, &format!("Role{role:02}")));
            }
        }
        let mut eve = one("eve");
        eve.locked = true;
        let mut pat = one("pat");
        pat.password_expired = true;
        Self {
            all: vec![
                ada,
                User::new("bob"),
                one("carol"),
                dora,
                eve,
                one("otto").device("phone", TOTP_SECRET),
                one("kim")
                    .device("phone", TOTP_SECRET)
                    .device("tablet", TABLET_SECRET),
                one("zoe").password(ODD_PASSWORD),
                pat,
            ],
        }
    }

    /// Adds somebody, or replaces whoever has that name.
    pub fn add(&mut self, user: User) {
        self.all.retain(|known| known.name != user.name);
        self.all.push(user);
    }

    /// Somebody, to be changed.
    ///
    /// # Panics
    ///
    /// When there is nobody of that name: a mistake in the test.
    pub fn get(&mut self, name: &str) -> &mut User {
        self.all
            .iter_mut()
            .find(|user| user.name == name)
            .unwrap_or_else(|| panic!("the testbed has no user {name}"))
    }

    /// Somebody by name, as typed: case does not matter, nor does a domain after `@` or before `\`.
    pub(crate) fn find(&self, typed: &str) -> Option<&User> {
        let bare = typed.rsplit('\\').next().unwrap_or(typed);
        let bare = bare.split('@').next().unwrap_or(bare).trim();
        self.all
            .iter()
            .find(|user| user.name.eq_ignore_ascii_case(bare))
    }

    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut User> {
        self.all.iter_mut().find(|user| user.name == name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &User> {
        self.all.iter()
    }
}

/// The six digits of a base32 secret in the 30-second step of a time.
pub fn totp(secret: &str, epoch_seconds: u64) -> String {
    code_of_step(secret, epoch_seconds / 30)
}

/// The step, within one of now, whose code this is.
pub(crate) fn step_of(secret: &str, code: &str, epoch_seconds: u64) -> Option<u64> {
    let now = epoch_seconds / 30;
    (now - 1..=now + 1).find(|step| code_of_step(secret, *step) == code)
}

fn code_of_step(secret: &str, step: u64) -> String {
    let secret = from_base32(secret).unwrap_or_default();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes([tag[at], tag[at + 1], tag[at + 2], tag[at + 3]]) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // The secret of RFC 6238, appendix B, and the last six of its eight digits.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(totp(secret, 59), "287082");
        assert_eq!(totp(secret, 1_111_111_109), "081804");
        assert_eq!(totp(secret, 20_000_000_000), "353130");
    }

    #[test]
    fn a_name_is_found_as_people_type_it() {
        let users = Users::usual();
        for typed in ["ada", "Ada", "CORP\\ada", "ada@example.com"] {
            assert_eq!(
                users.find(typed).map(|u| u.name.as_str()),
                Some("ada"),
                "{typed}"
            );
        }
        assert!(users.find("nobody").is_none());
    }

    #[test]
    fn dora_has_450_roles_in_30_accounts() {
        let mut users = Users::usual();
        let roles = &users.get("dora").roles;
        let accounts: std::collections::HashSet<_> = roles.iter().map(|r| &r.account).collect();
        assert_eq!((roles.len(), accounts.len()), (450, 30));
    }
}
