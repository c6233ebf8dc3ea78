//! From what is wanted to one of the roles that are offered.

use crate::arn::RoleArn;
use crate::aws::saml::{OfferedRole, Statement};
use crate::config::{RoleWanted, nearest};
use crate::error::{Error, Result, clean};
use crate::login::target::Target;

/// Finds the role for a target; `pick` asks the person where nothing decides.
pub fn choose(
    target: &Target,
    statement: &Statement,
    names: &dyn Fn(&str) -> Option<String>,
    pick: &mut dyn FnMut(&[OfferedRole]) -> Result<OfferedRole>,
) -> Result<OfferedRole> {
    if statement.encrypted {
        return configured(target);
    }
    if statement.roles.is_empty() {
        return Err(no_roles(statement));
    }
    let through = |offered: &&OfferedRole| {
        let wanted = target.provider_arn.as_ref();
        wanted.is_none_or(|provider| *provider == offered.provider)
    };
    let Some(wanted) = &target.role else {
        let offered: Vec<OfferedRole> = statement.roles.iter().filter(through).cloned().collect();
        return match &offered[..] {
            [] => Err(other_provider(target, &statement.roles[0])),
            [only] => Ok(only.clone()),
            _ => pick(&offered),
        };
    };
    let named: Vec<&OfferedRole> = statement
        .roles
        .iter()
        .filter(|offered| {
            matches(
                wanted,
                &offered.role,
                names(offered.role.account()).as_deref(),
            )
        })
        .collect();
    let matching: Vec<OfferedRole> = named.iter().copied().filter(through).cloned().collect();
    match &matching[..] {
        [only] => Ok(only.clone()),
        [] if !named.is_empty() => Err(other_provider(target, named[0])),
        [] => Err(not_offered(wanted, &statement.roles, target, names)),
        // One role through two providers of its account: either will do.
        [first, rest @ ..] if rest.iter().all(|other| other.role == first.role) => {
            Ok(first.clone())
        }
        _ => pick(&matching),
    }
}

/// Does the role answer to the wish? `account_name` is the name people use for its account.
pub fn matches(wanted: &RoleWanted, role: &RoleArn, account_name: Option<&str>) -> bool {
    match wanted {
        RoleWanted::Arn(arn) => arn == role,
        RoleWanted::InAccount {
            account,
            role: name,
        } => {
            (account == role.account() || Some(account.as_str()) == account_name)
                && names_role(name, role)
        }
        RoleWanted::Pattern(pattern) => {
            let places = [Some(role.account()), account_name];
            if pattern.contains("arn:") {
                return glob(pattern, &role.to_string());
            }
            match pattern.split_once('/') {
                Some((account, name)) => {
                    places.iter().flatten().any(|place| glob(account, place))
                        && (glob(name, role.path_and_name()) || glob(name, role.name()))
                }
                None => glob(pattern, role.name()) || glob(pattern, role.path_and_name()),
            }
        }
    }
}

/// `PowerUser` names `role/PowerUser` and `role/team/x/PowerUser`; a name with a path must match wholly.
fn names_role(name: &str, role: &RoleArn) -> bool {
    name == role.path_and_name() || name == role.name()
}

/// `*` stands for anything, `?` for one character; case counts, as it does for AWS.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, matched)) = star {
            star = Some((at, matched + 1));
            p = at + 1;
            t = matched + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// An encrypted assertion hides its roles, so both ARNs come from the configuration.
fn configured(target: &Target) -> Result<OfferedRole> {
    match (&target.role, &target.provider_arn) {
        (Some(RoleWanted::Arn(role)), Some(provider)) => Ok(OfferedRole {
            role: role.clone(),
            provider: provider.clone(),
        }),
        _ => Err(Error::usage(format!(
            "the assertion is encrypted for AWS, so the roles in it cannot be read for profile {}",
            target.profile
        ))
        .hint(match target.is_new {
            true => "name both: --role arn:aws:iam::…:role/… --provider-arn arn:aws:iam::…:saml-provider/…; your administrator knows them",
            false => "set `role` to the role's full ARN and `provider_arn` to the SAML provider's in profiles.yaml",
        })),
    }
}

pub fn no_roles(statement: &Statement) -> Error {
    let odd = statement
        .malformed_roles
        .first()
        .map(|role| format!(" (it offers `{}`, which is no pair of ARNs)", clean(role)));
    Error::refused(format!(
        "the sign-in worked, but the identity provider offers you no AWS role{}",
        odd.unwrap_or_default()
    ))
    .hint("ask your administrator to assign you to the AWS application and a role in it")
}

fn other_provider(target: &Target, offered: &OfferedRole) -> Error {
    Error::refused(format!(
        "the identity provider offers {} through {}, not through the `provider_arn` of profile {}",
        offered.role, offered.provider, target.profile
    ))
    .hint(match target.is_new {
        true => "correct --provider-arn, or leave it out",
        false => "correct `provider_arn` in profiles.yaml, or leave it out",
    })
}

fn not_offered(
    wanted: &RoleWanted,
    offered: &[OfferedRole],
    target: &Target,
    names: &dyn Fn(&str) -> Option<String>,
) -> Error {
    let shown = |role: &RoleArn| {
        let account = names(role.account()).unwrap_or_else(|| role.account().to_string());
        format!("{account}/{}", role.path_and_name())
    };
    let asked = wanted.to_string();
    // Each role under all its names, so that a slip is compared with what was meant.
    let named: Vec<(String, String)> = offered
        .iter()
        .flat_map(|offer| {
            let short = shown(&offer.role);
            let by_id = format!("{}/{}", offer.role.account(), offer.role.path_and_name());
            [
                offer.role.to_string(),
                by_id,
                offer.role.name().to_string(),
                short.clone(),
            ]
            .map(|name| (name, short.clone()))
        })
        .collect();
    let nearest = nearest(&asked, named.iter().map(|(name, _)| name.as_str()))
        .and_then(|nearest| named.iter().find(|(name, _)| name == nearest));
    let error = Error::refused(format!(
        "the identity provider does not offer {asked} for profile {} ({} offered)",
        target.profile,
        match offered.len() {
            1 => "1 role is".to_string(),
            n => format!("{n} roles are"),
        }
    ));
    let list = match target.is_new {
        true => "without --role you can pick one from the list".to_string(),
        false => format!("`mai roles {}` lists all of them", target.profile),
    };
    match nearest {
        Some((_, nearest)) => error.hint(format!("the nearest is {nearest}; {list}")),
        None if offered.len() <= 5 => {
            let all: Vec<String> = offered.iter().map(|offer| shown(&offer.role)).collect();
            error.hint(format!("offered: {}", all.join(", ")))
        }
        None => error.hint(list),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(text: &str) -> RoleArn {
        text.parse().unwrap()
    }

    #[test]
    fn wishes_find_their_role_by_arn_account_name_and_pattern() {
        let admin = role("arn:aws:iam::111111111111:role/team/Admin");
        let in_account = |account: &str, name: &str| RoleWanted::InAccount {
            account: account.into(),
            role: name.into(),
        };
        assert!(matches(&RoleWanted::Arn(admin.clone()), &admin, None));
        assert!(matches(&in_account("111111111111", "Admin"), &admin, None));
        assert!(matches(
            &in_account("acme", "team/Admin"),
            &admin,
            Some("acme")
        ));
        assert!(!matches(
            &in_account("acme", "Admin"),
            &admin,
            Some("acme-prod")
        ));
        assert!(!matches(&in_account("111111111111", "admin"), &admin, None));
        for pattern in [
            "Adm*",
            "*",
            "1111*/Adm??",
            "acme/*",
            "arn:aws:iam::1*:role/team/*",
        ] {
            assert!(
                matches(&RoleWanted::Pattern(pattern.into()), &admin, Some("acme")),
                "{pattern}"
            );
        }
        for pattern in ["adm*", "dmin", "222*/Admin", "arn:*ReadOnly"] {
            assert!(
                !matches(&RoleWanted::Pattern(pattern.into()), &admin, Some("acme")),
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_pattern_full_of_stars_is_quick() {
        assert!(!glob(&"*a".repeat(60), &"a".repeat(59)));
    }
}
