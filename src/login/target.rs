//! One section to fill: what is wanted in it, and what stands there.

use chrono::{DateTime, Utc};

use crate::arn::{ProviderArn, RoleArn};
use crate::config::{KeysPlace, RoleWanted};
use crate::duration::Span;
use crate::error::Error;
use crate::store::sessions::Row;

/// What was typed, beside the names of profiles.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub min: Option<Span>,
    pub force: bool,
    pub duration: Option<Span>,
    pub role: Option<RoleWanted>,
    pub aws_profile: Option<String>,
    pub overwrite: bool,
}

/// One section to fill with keys of one role.
#[derive(Clone, Debug)]
pub struct Target {
    pub profile: String,
    pub aws_profile: String,
    /// None: the person picks one of those offered.
    pub role: Option<RoleWanted>,
    pub provider_arn: Option<ProviderArn>,
    pub region: Option<String>,
    pub duration: Option<Span>,
    /// The duration was typed for this login, so what was learned about the role does not bound it.
    pub duration_insisted: bool,
    pub policy: Option<String>,
    pub policy_arns: Vec<String>,
    pub keys: KeysPlace,
    /// Its role is assumed with the keys of another profile.
    pub chain: Option<Link>,
    /// Nobody asked for it: it is there for the keys of another target, and reported only if it took a sign-in.
    pub implied: bool,
    pub critical: bool,
    pub is_default: bool,
    /// The profile is being made: hints name options, since no file holds its settings.
    pub is_new: bool,
    /// How long keys must still last to be left alone.
    pub min: Span,
    pub standing: Standing,
    /// Why its section may not be written: known before anything is sent, and no reason to fail the others.
    pub barred: Option<Error>,
    /// For renewals that nobody asked for: the id of the keys in whose place the new ones come. If these are gone by
    /// then, somebody has signed out, and it stays so.
    pub in_place_of: Option<String>,
}

impl Target {
    /// The target of a profile that no file describes yet, for choosing its role.
    pub fn of_new_profile(
        name: &str,
        aws_profile: &str,
        role: Option<RoleWanted>,
        provider_arn: Option<ProviderArn>,
    ) -> Target {
        Target {
            profile: name.to_string(),
            aws_profile: aws_profile.to_string(),
            role,
            provider_arn,
            region: None,
            duration: None,
            duration_insisted: false,
            policy: None,
            policy_arns: Vec::new(),
            keys: KeysPlace::File,
            chain: None,
            implied: false,
            critical: false,
            is_default: false,
            is_new: true,
            min: Span::seconds(0),
            standing: Standing::Absent,
            barred: None,
            in_place_of: None,
        }
    }

    /// Why there are no new keys where the old ones are gone.
    pub fn signed_out_of(&self) -> Error {
        Error::needs_you(format!(
            "the keys of {} were removed meanwhile, so there are no new ones",
            self.profile
        ))
        .hint(format!("`mai login {}` fetches some", self.profile))
        .of_one_profile()
    }
}

/// Whose keys a target's role is assumed with, and what goes along.
#[derive(Clone, Debug)]
pub struct Link {
    /// The other profile, and the section of its keys.
    pub parent: String,
    pub parent_section: String,
    pub role: RoleArn,
    pub external_id: Option<String>,
    /// None: as the session of the parent is called.
    pub session_name: Option<String>,
    /// For where that is not to be known.
    pub name_of_user: String,
    pub tags: Vec<(String, String)>,
}

/// How the keys of one target stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Ours, of the wanted role and settings, and good for long enough.
    Good { until: DateTime<Utc>, row: Row },
    /// Nothing there that counts: no keys, other keys, other settings, too short.
    Absent,
}

impl Standing {
    pub fn is_good(&self) -> bool {
        matches!(self, Standing::Good { .. })
    }
}
