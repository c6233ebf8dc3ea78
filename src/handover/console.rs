//! The web console: from the keys of a profile to an address that signs a browser in.

use url::Url;

use crate::arn::{self, Partition};
use crate::aws::console_page;
use crate::aws::federation::{self, Federation, SignedIn, Wanted};
use crate::config::{IdentityProvider, RoleWanted};
use crate::duration::Span;
use crate::error::{Error, Kind, Result};
use crate::login::Doors;
use crate::login::line::{client_settings, runtime};
use crate::login::ready::Ready;
use crate::login::target::Target;
use crate::net::client;

/// Where in the console, and for how long.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub service: Option<String>,
    pub region: Option<String>,
    pub duration: Option<Span>,
}

/// An address that is signed in, and what it opens.
pub struct Opened {
    pub signed_in: SignedIn,
    pub destination: Url,
    pub region: String,
}

impl Wishes {
    /// Finds slips before anybody signs in.
    pub fn check(&self, target: &Target) -> Result<()> {
        if let Some(region) = self
            .region
            .as_deref()
            .filter(|region| !arn::is_region(region))
        {
            return Err(
                Error::usage(format!("`{}` is not a region", crate::error::clean(region)))
                    .hint("regions look like eu-central-1"),
            );
        }
        let role = match (&target.chain, &target.role) {
            (Some(link), _) => Some(&link.role),
            (None, Some(RoleWanted::Arn(role))) => Some(role),
            _ => None,
        };
        if let (Some(region), Some(role)) = (&self.region, role) {
            fitting(region, role.partition(), &target.profile)?;
        }
        let any = &arn::PARTITIONS[0];
        console_page::page(any, any.default_region, self.service.as_deref())?;
        let Some(duration) = self.duration else {
            return Ok(());
        };
        if target.chain.is_some() {
            return Err(Error::usage(format!(
                "the console of {} ends with its keys: AWS gives no other duration to a role that is assumed with \
                 another role's keys",
                target.profile
            ))
            .hint("leave out --duration"));
        }
        // SessionDuration of getSigninToken (IAM User Guide, custom identity broker).
        match (Span::minutes(15)..=Span::hours(12)).contains(&duration) {
            true => Ok(()),
            false => Err(Error::usage(format!(
                "--duration {duration}: the console stays signed in for 15m to 12h"
            ))),
        }
    }

    /// The region of the console: what was typed, else the profile's or the shared files', else `AWS_REGION`, else the
    /// partition's own.
    fn region(&self, doors: &Doors, ready: &Ready) -> Result<String> {
        let partition = ready.role.partition();
        if let Some(region) = &self.region {
            fitting(region, partition, &ready.profile)?;
            return Ok(region.clone());
        }
        let mut known = [ready.region.as_deref(), doors.region.as_deref()]
            .into_iter()
            .flatten();
        let region = known.find(|region| is_in(region, partition));
        Ok(region.unwrap_or(partition.default_region).to_owned())
    }
}

fn is_in(region: &str, partition: &Partition) -> bool {
    arn::is_region(region) && Partition::of_region(region) == Some(partition)
}

/// A region that was typed must be where the role is.
fn fitting(region: &str, partition: &Partition, profile: &str) -> Result<()> {
    match is_in(region, partition) {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "{region} is not in the partition {}, where the role of {profile} is",
            partition.id
        ))
        .hint(format!("choose one such as {}", partition.default_region))),
    }
}

/// Trades keys for an address.
pub fn open(
    doors: &Doors<'_>,
    provider: &IdentityProvider,
    ready: &Ready,
    wishes: &Wishes,
) -> Result<Opened> {
    let region = wishes.region(doors, ready)?;
    let partition = ready.role.partition();
    let destination = console_page::page(partition, &region, wishes.service.as_deref())?;
    let endpoint = federation::endpoint(partition, &region, doors.sts_endpoint.as_ref())?;
    let client = client::build(&client_settings(provider))?;
    let wanted = Wanted {
        profile: &ready.profile,
        keys: &ready.keys,
        duration: wishes.duration,
        destination: &destination,
        issuer: Some(&provider.url.value),
    };
    let federation = Federation::new(client, endpoint);
    let signed_in = runtime()?.block_on(federation.sign_in(&wanted));
    let signed_in = signed_in.map_err(|error| match error.kind() {
        Kind::Unreachable => error.at("AWS's sign-in"),
        _ => error,
    })?;
    Ok(Opened {
        signed_in,
        destination,
        region,
    })
}
