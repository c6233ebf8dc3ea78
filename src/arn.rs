//! AWS names: role and provider ARNs, and the table of partitions with their hosts.

use std::fmt;
use std::str::FromStr;

/// One AWS partition and the hosts it uses.
///
/// Hosts are those of the published sign-in and STS endpoint rules (AWS Sign-In endpoints; botocore endpoint rules).
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    pub id: &'static str,
    /// The region STS is asked in when nothing names one.
    pub default_region: &'static str,
    region_prefixes: &'static [&'static str],
    sts_suffix: &'static str,
    sign_in_suffixes: &'static [&'static str],
    console_suffix: &'static str,
    /// Its default region has sign-in and console at hosts without a region in their names.
    has_plain_hosts: bool,
}

/// In the order in which a region's name is tried; `aws` is last, since every new region falls to it.
pub static PARTITIONS: &[Partition] = &[
    Partition {
        id: "aws-us-gov",
        default_region: "us-gov-west-1",
        region_prefixes: &["us-gov-"],
        sts_suffix: "amazonaws.com",
        sign_in_suffixes: &[
            "signin.amazonaws-us-gov.com",
            "signin-fips.amazonaws-us-gov.com",
        ],
        console_suffix: "console.amazonaws-us-gov.com",
        has_plain_hosts: true,
    },
    Partition {
        id: "aws-cn",
        default_region: "cn-north-1",
        region_prefixes: &["cn-"],
        sts_suffix: "amazonaws.com.cn",
        sign_in_suffixes: &["signin.amazonaws.cn"],
        console_suffix: "console.amazonaws.cn",
        has_plain_hosts: true,
    },
    Partition {
        id: "aws-eusc",
        default_region: "eusc-de-east-1",
        region_prefixes: &["eusc-"],
        sts_suffix: "amazonaws.eu",
        sign_in_suffixes: &["signin.amazonaws-eusc.eu"],
        console_suffix: "console.amazonaws-eusc.eu",
        has_plain_hosts: false,
    },
    Partition {
        id: "aws-iso",
        default_region: "us-iso-east-1",
        region_prefixes: &["us-iso-"],
        sts_suffix: "c2s.ic.gov",
        sign_in_suffixes: &["signin.c2shome.ic.gov"],
        console_suffix: "console.c2shome.ic.gov",
        has_plain_hosts: false,
    },
    Partition {
        id: "aws-iso-b",
        default_region: "us-isob-east-1",
        region_prefixes: &["us-isob-"],
        sts_suffix: "sc2s.sgov.gov",
        sign_in_suffixes: &["signin.sc2shome.sgov.gov"],
        console_suffix: "console.sc2shome.sgov.gov",
        has_plain_hosts: false,
    },
    Partition {
        id: "aws-iso-e",
        default_region: "eu-isoe-west-1",
        region_prefixes: &["eu-isoe-"],
        sts_suffix: "cloud.adc-e.uk",
        sign_in_suffixes: &["signin.csphome.adc-e.uk"],
        console_suffix: "console.csphome.adc-e.uk",
        has_plain_hosts: false,
    },
    Partition {
        id: "aws-iso-f",
        default_region: "us-isof-south-1",
        region_prefixes: &["us-isof-"],
        sts_suffix: "csp.hci.ic.gov",
        sign_in_suffixes: &["signin.csphome.hci.ic.gov"],
        console_suffix: "console.csphome.hci.ic.gov",
        has_plain_hosts: false,
    },
    Partition {
        id: "aws",
        default_region: "us-east-1",
        region_prefixes: &[""],
        sts_suffix: "amazonaws.com",
        sign_in_suffixes: &["signin.aws.amazon.com"],
        console_suffix: "console.aws.amazon.com",
        has_plain_hosts: true,
    },
];

impl Partition {
    pub fn by_id(id: &str) -> Option<&'static Partition> {
        PARTITIONS.iter().find(|p| p.id == id)
    }

    /// The partition a region belongs to, by its name.
    pub fn of_region(region: &str) -> Option<&'static Partition> {
        PARTITIONS.iter().find(|p| {
            p.region_prefixes
                .iter()
                .any(|prefix| region.starts_with(prefix))
        })
    }

    /// The regional STS host. Regional always: tokens of the global host are not valid in opt-in regions.
    pub fn sts_host(&self, region: &str) -> String {
        format!("sts.{region}.{}", self.sts_suffix)
    }

    /// The sign-in host of a region.
    pub fn sign_in_host(&self, region: &str) -> String {
        self.in_region(region, self.sign_in_suffixes[0])
    }

    /// The host of the web console in a region.
    pub fn console_host(&self, region: &str) -> String {
        self.in_region(region, self.console_suffix)
    }

    fn in_region(&self, region: &str, suffix: &str) -> String {
        match self.has_plain_hosts && region == self.default_region {
            true => suffix.to_owned(),
            false => format!("{region}.{suffix}"),
        }
    }

    fn by_sign_in_host(host: &str) -> Option<(&'static Partition, Option<&str>)> {
        PARTITIONS.iter().find_map(|partition| {
            partition.sign_in_suffixes.iter().find_map(|suffix| {
                let region = host.strip_suffix(suffix)?;
                if region.is_empty() {
                    return Some((partition, None));
                }
                region
                    .strip_suffix('.')
                    .filter(|region| is_region(region))
                    .map(|region| (partition, Some(region)))
            })
        })
    }
}

/// Is this an AWS sign-in host, where a form with `SAMLResponse` ends a sign-in?
pub fn is_sign_in_host(host: &str) -> bool {
    // `signin.aws.amazon.com.` is the same host, spelled out to the root.
    let host = host.strip_suffix('.').unwrap_or(host);
    Partition::by_sign_in_host(&host.to_ascii_lowercase()).is_some()
}

/// The region that a sign-in host names (`eu-west-1.signin.aws.amazon.com`).
pub fn region_of_sign_in_host(host: &str) -> Option<&str> {
    Partition::by_sign_in_host(host).and_then(|(_, region)| region)
}

/// Does this look like a region's name? Lower-case words and digits joined by `-`, since it becomes part of a host.
pub fn is_region(text: &str) -> bool {
    (4..=40).contains(&text.len())
        && text.contains('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleArn(Arn);

/// `arn:PARTITION:iam::ACCOUNT:saml-provider/NAME`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderArn(Arn);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Arn {
    partition: &'static str,
    account: String,
    /// What follows `role/` or `saml-provider/`.
    resource: String,
}

impl Arn {
    fn parse(text: &str, kind: &str) -> Option<Arn> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (arn, partition, service, region, account, resource) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        let resource = resource.strip_prefix(kind)?.strip_prefix('/')?;
        let known = arn == "arn"
            && service == "iam"
            && region.is_empty()
            && account.len() == 12
            && account.bytes().all(|b| b.is_ascii_digit())
            && !resource.is_empty()
            && text.len() <= 2048
            && resource.bytes().all(|b| b.is_ascii_graphic());
        known
            .then(|| Partition::by_id(partition))
            .flatten()
            .map(|partition| Arn {
                partition: partition.id,
                account: account.to_string(),
                resource: resource.to_string(),
            })
    }
}

impl RoleArn {
    pub fn partition(&self) -> &'static Partition {
        partition(&self.0)
    }

    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// The role with its path: `team/x/Admin`.
    pub fn path_and_name(&self) -> &str {
        &self.0.resource
    }

    /// The role's name alone: `Admin`.
    pub fn name(&self) -> &str {
        self.0
            .resource
            .rsplit('/')
            .next()
            .unwrap_or(&self.0.resource)
    }
}

impl ProviderArn {
    pub fn partition(&self) -> &'static Partition {
        partition(&self.0)
    }

    pub fn account(&self) -> &str {
        &self.0.account
    }

    pub fn name(&self) -> &str {
        &self.0.resource
    }
}

fn partition(arn: &Arn) -> &'static Partition {
    PARTITIONS
        .iter()
        .find(|p| p.id == arn.partition)
        .expect("an Arn is made from a partition of the table")
}

impl FromStr for RoleArn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Arn::parse(text, "role").map(RoleArn).ok_or_else(|| {
            format!(
                "`{}` is not a role ARN (arn:aws:iam::123456789012:role/Name)",
                crate::error::clean(text)
            )
        })
    }
}

impl FromStr for ProviderArn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Arn::parse(text, "saml-provider")
            .map(ProviderArn)
            .ok_or_else(|| {
                format!(
                    "`{}` is not a provider ARN (arn:aws:iam::123456789012:saml-provider/Name)",
                    crate::error::clean(text)
                )
            })
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "arn:{}:iam::{}:role/{}",
            self.0.partition, self.0.account, self.0.resource
        )
    }
}

impl fmt::Display for ProviderArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "arn:{}:iam::{}:saml-provider/{}",
            self.0.partition, self.0.account, self.0.resource
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_arns_of_every_partition_survive_a_round_trip() {
        for partition in PARTITIONS {
            let text = format!("arn:{}:iam::012345678901:role/team/x/Admin", partition.id);
            let role: RoleArn = text.parse().unwrap();
            assert_eq!(role.to_string(), text);
            assert_eq!((role.account(), role.name()), ("012345678901", "Admin"));
            assert_eq!(role.partition(), partition);
        }
    }

    #[test]
    fn what_is_no_role_arn_is_refused() {
        for text in [
            "",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::12345678901:role/x",
            "arn:aws:iam::123456789012:saml-provider/x",
            "arn:aws-moon:iam::123456789012:role/x",
            "arn:aws:sts::123456789012:role/x",
            "arn:aws:iam::123456789012:role/x y",
            "arn:aws:iam::123456789012:role/x\n",
        ] {
            assert!(text.parse::<RoleArn>().is_err(), "{text}");
        }
    }

    #[test]
    fn sign_in_hosts_are_known_with_their_regions_and_nothing_else_is() {
        for host in [
            "signin.aws.amazon.com",
            "SignIn.aws.amazon.com",
            "signin.aws.amazon.com.",
            "eu-west-1.signin.aws.amazon.com",
            "signin.amazonaws-us-gov.com",
            "cn-northwest-1.signin.amazonaws.cn",
            "eusc-de-east-1.signin.amazonaws-eusc.eu",
            "us-iso-east-1.signin.c2shome.ic.gov",
        ] {
            assert!(is_sign_in_host(host), "{host}");
        }
        for host in [
            "signin.aws.amazon.com.evil.example",
            "evilsignin.aws.amazon.com",
            "evil.example/.signin.aws.amazon.com",
            ".signin.aws.amazon.com",
            "a.b.signin.aws.amazon.com",
            "aws.amazon.com",
            "signin.aws.amazon.com..",
        ] {
            assert!(!is_sign_in_host(host), "{host}");
        }
        assert_eq!(
            region_of_sign_in_host("eu-west-1.signin.aws.amazon.com"),
            Some("eu-west-1")
        );
        assert_eq!(region_of_sign_in_host("signin.aws.amazon.com"), None);
    }

    #[test]
    fn regions_find_their_sts() {
        for (region, host) in [
            ("eu-central-1", "sts.eu-central-1.amazonaws.com"),
            ("us-gov-east-1", "sts.us-gov-east-1.amazonaws.com"),
            ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
            ("us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"),
        ] {
            assert_eq!(Partition::of_region(region).unwrap().sts_host(region), host);
        }
    }

    #[test]
    fn regions_find_their_sign_in_and_console() {
        for (region, sign_in, console) in [
            (
                "us-east-1",
                "signin.aws.amazon.com",
                "console.aws.amazon.com",
            ),
            (
                "eu-central-1",
                "eu-central-1.signin.aws.amazon.com",
                "eu-central-1.console.aws.amazon.com",
            ),
            (
                "us-gov-west-1",
                "signin.amazonaws-us-gov.com",
                "console.amazonaws-us-gov.com",
            ),
            (
                "us-gov-east-1",
                "us-gov-east-1.signin.amazonaws-us-gov.com",
                "us-gov-east-1.console.amazonaws-us-gov.com",
            ),
            ("cn-north-1", "signin.amazonaws.cn", "console.amazonaws.cn"),
            (
                "cn-northwest-1",
                "cn-northwest-1.signin.amazonaws.cn",
                "cn-northwest-1.console.amazonaws.cn",
            ),
            (
                "eusc-de-east-1",
                "eusc-de-east-1.signin.amazonaws-eusc.eu",
                "eusc-de-east-1.console.amazonaws-eusc.eu",
            ),
            (
                "us-iso-east-1",
                "us-iso-east-1.signin.c2shome.ic.gov",
                "us-iso-east-1.console.c2shome.ic.gov",
            ),
        ] {
            let partition = Partition::of_region(region).unwrap();
            assert_eq!(partition.sign_in_host(region), sign_in);
            assert_eq!(partition.console_host(region), console);
            assert!(is_sign_in_host(sign_in), "{sign_in}");
        }
    }
}
