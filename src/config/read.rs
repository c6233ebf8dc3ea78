//! From the merged tree to typed settings; every check that needs more than one file's syntax.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fields::{Field, Fields};
use super::layers::Layers;
use super::nearest::{did_you_mean, some_of};
use super::origin::{Origin, SourceFile, Sourced};
use super::schema::{
    AskWith, Config, Group, IdentityProvider, KeysPlace, Profile, RoleWanted, SecretsMode, Source,
};
use super::values;
use super::{read_chain, read_console, read_provider};
use crate::arn::ProviderArn;
use crate::duration::Span;
use crate::error::{Result, clean};
use crate::paths::Paths;

/// Every word that stands at the left of `profiles.yaml`.
pub const ROOT_KEYS: &[&str] = &[
    "default_profile",
    "identity_providers",
    "defaults",
    "accounts",
    "secrets",
    "ask_with",
    "console",
    "profiles",
    "groups",
    "include",
];

const PROFILE_KEYS: &[&str] = &[
    "identity_provider",
    "role",
    "provider_arn",
    "aws_profile",
    "region",
    "duration",
    "policy",
    "policy_arns",
    "critical",
    "renew",
    "keys",
];

pub(super) fn config(
    layers: &Layers,
    paths: &Paths,
    own_file: SourceFile,
    config_overridden: bool,
) -> Result<Config> {
    let root = Fields::of_root(&layers.root);
    root.only(ROOT_KEYS, &[])?;
    let ask_with = match root.get("ask_with") {
        Some(field) => field.word(&[
            ("terminal", AskWith::Terminal),
            ("pinentry", AskWith::Pinentry),
        ])?,
        None => Sourced::built_in(AskWith::Terminal),
    };
    let secrets = match root.get("secrets") {
        Some(field) => field.word(&[
            ("keyring", SecretsMode::Keyring),
            ("file", SecretsMode::File),
            ("none", SecretsMode::None),
        ])?,
        None => Sourced::built_in(SecretsMode::Keyring),
    };
    let identity_providers = identity_providers(&root, paths)?;
    let defaults = match root.get("defaults") {
        Some(field) => {
            let fields = Fields::of(field.node, "`defaults`".into())?;
            fields.only(PROFILE_KEYS, &[])?;
            Settings::read(&fields, paths)?
        }
        None => Settings::default(),
    };
    let mut profiles = profiles(&root, &defaults, &identity_providers, paths)?;
    read_chain::connect(&mut profiles)?;
    let groups = groups(&root, &profiles)?;
    let default_profile = default_profile(&root, &profiles)?;
    Ok(Config {
        default_profile,
        identity_providers,
        profiles,
        groups,
        accounts: accounts(&root)?,
        secrets,
        ask_with,
        console_browser: read_console::browser(&root, paths)?,
        files: layers.files.clone(),
        own_file,
        exists: layers.exists,
        classic: layers.classic.clone(),
        config_overridden,
    })
}

/// The keys of a profile as one table has them: the profile's own, or `defaults`.
#[derive(Default)]
struct Settings {
    identity_provider: Option<Sourced<String>>,
    role: Option<Sourced<RoleWanted>>,
    provider_arn: Option<Sourced<ProviderArn>>,
    aws_profile: Option<Sourced<String>>,
    region: Option<Sourced<String>>,
    duration: Option<Sourced<Span>>,
    policy: Option<Sourced<PathBuf>>,
    policy_arns: Option<Vec<Sourced<String>>>,
    critical: Option<Sourced<bool>>,
    renew: Option<Sourced<bool>>,
    keys: Option<Sourced<KeysPlace>>,
}

impl Settings {
    fn read(fields: &Fields<'_>, paths: &Paths) -> Result<Settings> {
        let policy_arns = match fields.get("policy_arns") {
            Some(field) => {
                let arns = field
                    .list()?
                    .iter()
                    .map(|field| field.parsed(values::policy_arn))
                    .collect::<Result<Vec<_>>>()?;
                if arns.len() > 10 {
                    return Err(field.error("has more than the 10 policies that STS takes"));
                }
                Some(arns)
            }
            None => None,
        };
        Ok(Settings {
            identity_provider: fields.text("identity_provider")?,
            role: fields.parsed("role", values::role)?,
            provider_arn: fields.parsed("provider_arn", |text| text.parse())?,
            aws_profile: fields.parsed("aws_profile", values::section)?,
            region: fields.parsed("region", values::region)?,
            duration: fields.parsed("duration", values::duration)?,
            policy: fields.path("policy", paths)?,
            policy_arns,
            critical: fields.flag("critical")?,
            renew: fields.flag("renew")?,
            keys: fields
                .get("keys")
                .map(|field| {
                    field.word(&[("file", KeysPlace::File), ("process", KeysPlace::Process)])
                })
                .transpose()?,
        })
    }
}

fn identity_providers(
    root: &Fields<'_>,
    paths: &Paths,
) -> Result<BTreeMap<String, IdentityProvider>> {
    let Some(field) = root.get("identity_providers") else {
        return Ok(BTreeMap::new());
    };
    let mut providers = BTreeMap::new();
    for (name, origin, node) in field.table()?.entries() {
        let name = values::provider_name(name).map_err(|reason| origin.error(reason))?;
        let label = format!("identity provider `{name}`");
        let fields = Fields::of(node, label)?;
        let provider = read_provider::identity_provider(&name, origin, &fields, paths)?;
        providers.insert(name, provider);
    }
    Ok(providers)
}

fn profiles(
    root: &Fields<'_>,
    defaults: &Settings,
    providers: &BTreeMap<String, IdentityProvider>,
    paths: &Paths,
) -> Result<Vec<Profile>> {
    let Some(field) = root.get("profiles") else {
        return Ok(Vec::new());
    };
    field
        .table()?
        .entries()
        .map(|(name, origin, node)| {
            let name = values::name(name).map_err(|reason| origin.error(reason))?;
            let fields = Fields::of(node, format!("profile `{name}`"))?;
            fields.only(&[PROFILE_KEYS, read_chain::KEYS].concat(), &[])?;
            let own = Settings::read(&fields, paths)?;
            let source = read_chain::read(&fields)?;
            profile(name, origin, own, source, defaults, providers)
        })
        .collect()
}

fn profile(
    name: String,
    origin: &Origin,
    own: Settings,
    source: Option<Source>,
    defaults: &Settings,
    providers: &BTreeMap<String, IdentityProvider>,
) -> Result<Profile> {
    let known = || providers.keys().map(String::as_str);
    let own_provider = own
        .identity_provider
        .or_else(|| defaults.identity_provider.clone());
    let identity_provider = match (own_provider, &source) {
        // Until the chain is followed to its root.
        (_, Some(source)) => source.profile.clone(),
        (Some(provider), None) => provider,
        (None, None) => {
            return Err(origin
                .error(format!("profile `{name}` has no `identity_provider`"))
                .hint(match known().next() {
                    Some(first) => {
                        format!("add `identity_provider: {first}`, or put it into `defaults`")
                    }
                    None => "describe one under `identity_providers` and name it here".into(),
                }));
        }
    };
    if source.is_none() && !providers.contains_key(&identity_provider.value) {
        return Err(dangling(
            &identity_provider,
            "identity provider",
            known().collect(),
        ));
    }
    let aws_profile = own
        .aws_profile
        .or_else(|| defaults.aws_profile.clone())
        .unwrap_or_else(|| Sourced::new(name.clone(), origin.clone()));
    let critical = own
        .critical
        .or_else(|| defaults.critical.clone())
        .unwrap_or_else(|| Sourced::built_in(false));
    if *critical && aws_profile.value == "default" {
        return Err(aws_profile
            .origin
            .error(format!(
                "profile `{name}` is critical, so it may not write to [default]"
            ))
            .hint("give it another `aws_profile`"));
    }
    Ok(Profile {
        identity_provider,
        // The role of `defaults` is one that is signed in to.
        role: own
            .role
            .or_else(|| defaults.role.clone().filter(|_| source.is_none())),
        provider_arn: own
            .provider_arn
            .or_else(|| defaults.provider_arn.clone())
            .filter(|_| source.is_none()),
        source,
        aws_profile,
        region: own.region.or_else(|| defaults.region.clone()),
        duration: own.duration.or_else(|| defaults.duration.clone()),
        policy: own.policy.or_else(|| defaults.policy.clone()),
        policy_arns: own
            .policy_arns
            .or_else(|| defaults.policy_arns.clone())
            .unwrap_or_default(),
        critical,
        renew: own
            .renew
            .or_else(|| defaults.renew.clone())
            .unwrap_or_else(|| Sourced::built_in(false)),
        keys: own
            .keys
            .or_else(|| defaults.keys.clone())
            .unwrap_or_else(|| Sourced::built_in(KeysPlace::File)),
        origin: origin.clone(),
        name,
    })
}

fn groups(root: &Fields<'_>, profiles: &[Profile]) -> Result<Vec<Group>> {
    let Some(field) = root.get("groups") else {
        return Ok(Vec::new());
    };
    let table = field.table()?;
    let is_group = |name: &str| table.entries().any(|(group, _, _)| group == name);
    let mut groups = Vec::new();
    for (name, origin, node) in table.entries() {
        let name = values::name(name).map_err(|reason| origin.error(reason))?;
        if let Some(twin) = profiles.iter().find(|profile| profile.name == name) {
            return Err(origin
                .error(format!(
                    "`{name}` is a profile already ({}); profiles and groups share their names",
                    twin.origin
                ))
                .hint("give the group another name"));
        }
        let label = format!("group `{name}`");
        let members = Field { label, node }.list()?;
        if members.is_empty() {
            return Err(node.origin.error(format!("group `{name}` has no profiles")));
        }
        let members = members
            .iter()
            .map(|field| {
                let member = field.text()?;
                if is_group(&member) {
                    return Err(member.origin.error(format!(
                        "`{}` is a group; groups hold profiles only",
                        clean(&member)
                    )));
                }
                expect_profile(&member, profiles).map(|()| member)
            })
            .collect::<Result<Vec<_>>>()?;
        groups.push(Group {
            name,
            origin: origin.clone(),
            members,
        });
    }
    Ok(groups)
}

fn default_profile(root: &Fields<'_>, profiles: &[Profile]) -> Result<Option<Sourced<String>>> {
    let Some(name) = root.text("default_profile")? else {
        return Ok(None);
    };
    expect_profile(&name, profiles)?;
    Ok(Some(name))
}

fn expect_profile(name: &Sourced<String>, profiles: &[Profile]) -> Result<()> {
    if profiles.iter().any(|profile| profile.name == name.value) {
        return Ok(());
    }
    let known = profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    Err(dangling(name, "profile", known))
}

fn dangling(name: &Sourced<String>, kind: &str, known: Vec<&str>) -> crate::error::Error {
    let error = name
        .origin
        .error(format!("there is no {kind} `{}`", clean(name)));
    match did_you_mean(name, known.iter().copied()) {
        Some(hint) => error.hint(hint),
        None if known.is_empty() => error,
        None => error.hint(format!("there is: {}", some_of(&known))),
    }
}

fn accounts(root: &Fields<'_>) -> Result<BTreeMap<String, Sourced<String>>> {
    let Some(field) = root.get("accounts") else {
        return Ok(BTreeMap::new());
    };
    field
        .table()?
        .entries()
        .map(|(id, origin, node)| {
            if !values::is_account(id) {
                return Err(origin.error(format!(
                    "`{}` in `accounts` is not an account id: they have 12 digits",
                    clean(id)
                )));
            }
            let label = format!("the name of account {id}");
            let name = Field { label, node }.text()?;
            Ok((id.to_string(), Sourced::new(clean(&name), name.origin)))
        })
        .collect()
}
