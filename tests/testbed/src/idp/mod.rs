//! The identity provider: which face a request is for, and what all faces share.

mod authn_request;
mod faces;
pub(crate) mod html;
pub(crate) mod second_factor;
mod standard;
pub(crate) mod ticket;

use chrono::Duration;

use crate::encoding::random_name;
use crate::saml::response::{Occasion, build};
use crate::users::User;
use crate::web::{Reply, Request};
use crate::world::{BrowserSession, World};
use ticket::Ticket;

pub use faces::PLANTED;
pub(crate) use faces::all as all_faces;

/// One way of asking people to sign in.
pub(crate) struct Face {
    /// What tests call it.
    pub name: &'static str,
    /// The folder of its pages, with a slash at both ends.
    pub prefix: &'static str,
    /// The start URL below the prefix.
    pub start: &'static str,
    pub serve: fn(&Visit<'_>) -> Reply,
}

/// One request to one face.
pub(crate) struct Visit<'a> {
    pub world: &'a World,
    pub request: &'a Request,
    pub face: &'static Face,
    /// The path below the prefix.
    pub step: &'a str,
}

/// What a password is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good(User),
    Wrong,
    Locked,
    Expired(User),
}

/// The path below a face's prefix, for start URLs: `/simple/start?app=aws`.
pub(crate) fn start_path(name: &str) -> Option<String> {
    faces::all()
        .find(|face| face.name == name)
        .map(|face| format!("{}{}", face.prefix, face.start))
}

/// Answers one request.
pub(crate) fn serve(world: &World, request: &Request) -> Reply {
    if request.path == "/metadata" {
        return Reply::new(200, "application/samlmetadata+xml", metadata(world));
    }
    let face = faces::all()
        .filter(|face| request.path.starts_with(face.prefix))
        .max_by_key(|face| face.prefix.len());
    let Some(face) = face else {
        return Reply::missing();
    };
    let visit = Visit {
        world,
        request,
        face,
        step: &request.path[face.prefix.len()..],
    };
    visit.diverted().unwrap_or_else(|| (face.serve)(&visit))
}

/// The metadata of the identity provider.
pub(crate) fn metadata(world: &World) -> String {
    let sso = format!(
        "{}{}",
        world.urls.idp,
        start_path("sp-initiated").unwrap_or_default()
    );
    crate::saml::metadata::document(&world.entity_id(), world.key.certificate(), &sso)
}

impl Visit<'_> {
    /// The redirect that `Fault::RedirectPassword` demands.
    fn diverted(&self) -> Option<Reply> {
        let password = self
            .request
            .fields()
            .iter()
            .any(|(name, value)| name.to_lowercase().contains("pass") && !value.is_empty());
        if !password || self.request.server != crate::seen::Server::Idp {
            return None;
        }
        let status = self.world.state().faults.redirects_password()?;
        let location = format!("{}{}", self.world.urls.other, self.request.target());
        Some(Reply::redirect(status, &location))
    }

    /// The address of a step of this face.
    pub fn path(&self, step: &str) -> String {
        format!("{}{step}", self.face.prefix)
    }

    /// Tries a password: counts it, and locks the account at the fifth wrong one in a row.
    pub fn try_password(&self, typed: &str, password: &str) -> Verdict {
        let mut state = self.world.state();
        let state = &mut *state;
        let Some(name) = state.users.find(typed).map(|user| user.name.clone()) else {
            *state.attempts.entry(typed.to_owned()).or_default() += 1;
            return Verdict::Wrong;
        };
        *state.attempts.entry(name.clone()).or_default() += 1;
        let Some(user) = state.users.find_mut(&name) else {
            return Verdict::Wrong;
        };
        if user.locked {
            return Verdict::Locked;
        }
        let wrong = state.wrong.entry(name).or_default();
        if user.password != password {
            *wrong += 1;
            user.locked = *wrong >= 5;
            return if user.locked {
                Verdict::Locked
            } else {
                Verdict::Wrong
            };
        }
        *wrong = 0;
        match user.password_expired {
            true => Verdict::Expired(user.clone()),
            false => Verdict::Good(user.clone()),
        }
    }

    /// Who is signed in with this browser, on this face.
    pub fn session_user(&self) -> Option<User> {
        self.user_of_session(&self.request.cookie(self.session_cookie())?)
    }

    /// Whose session that is, if it is one of this face.
    pub fn user_of_session(&self, id: &str) -> Option<User> {
        let state = self.world.state();
        let session = state.sessions.get(id)?;
        let good = session.face == self.face.name && session.until > self.world.now();
        let user = good.then(|| state.users.find(&session.user).cloned())?;
        user.filter(|user| !user.locked)
    }

    /// Signs the browser in; the reply gets the cookie.
    pub fn sign_in(&self, user: &User, reply: Reply) -> Reply {
        let id = random_name();
        self.begin_session(&id, user);
        reply.cookie(self.session_cookie(), &id, self.face.prefix)
    }

    pub fn begin_session(&self, id: &str, user: &User) {
        let mut state = self.world.state();
        let session = BrowserSession {
            face: self.face.name,
            user: user.name.clone(),
            until: self.world.now() + Duration::seconds(state.session_seconds),
        };
        state.sessions.insert(id.to_owned(), session);
    }

    /// Signs the browser out; true if it was signed in.
    pub fn end_session(&self) -> bool {
        let cookie = self.request.cookie(self.session_cookie());
        let removed = cookie.and_then(|id| self.world.state().sessions.remove(&id));
        removed.is_some()
    }

    fn session_cookie(&self) -> &'static str {
        match self.face.name {
            name if name.starts_with("simplesaml") => "SimpleSAMLAuthToken",
            name if name.starts_with("keycloak") => "KEYCLOAK_IDENTITY",
            name if name.starts_with("adfs") => "MSISAuth",
            "openam-am7" | "openam-classic" => "sso5f3a",
            name if name.starts_with("openam") => "iPlanetDirectoryPro",
            name if name.starts_with("lemonldap") => "lemonldap",
            _ => "testbed_session",
        }
    }

    /// The value of `SAMLResponse` for a user, and the sign-in address that it is for.
    pub fn saml_response(&self, user: &User, ticket: Option<&Ticket>) -> (String, String) {
        let state = self.world.state();
        let partition = user
            .roles
            .first()
            .map_or("aws", |role| role.partition.as_str());
        let (acs, audience) = match partition {
            "aws-cn" => (
                "https://signin.amazonaws.cn/saml",
                "urn:amazon:webservices:cn-north-1",
            ),
            "aws-us-gov" => (
                "https://signin.amazonaws-us-gov.com/saml",
                "urn:amazon:webservices:govcloud",
            ),
            "aws-eusc" => (
                "https://eusc-de-east-1.signin.amazonaws-eusc.eu/saml",
                "urn:amazon:webservices",
            ),
            _ => (
                "https://signin.aws.amazon.com/saml",
                "urn:amazon:webservices",
            ),
        };
        let acs = ticket
            .and_then(|ticket| ticket.acs.as_deref())
            .unwrap_or(acs);
        let audience = match crate::sts::signs_in(acs, partition) {
            true => audience,
            // A broker wants to be named itself.
            false => acs,
        };
        let faults = state.faults.assertion();
        let occasion = Occasion {
            issuer: &self.world.entity_id(),
            acs,
            audience,
            in_response_to: ticket.and_then(|ticket| ticket.request_id.as_deref()),
            now: self.world.now(),
            signed: state.signed,
            faults: &faults,
        };
        let value = build(user, &occasion, &self.world.key, &self.world.sealed);
        (value, acs.to_owned())
    }

    /// The last page: the signed response in a form for AWS, and the session cookie.
    pub fn finish(&self, user: &User, ticket: Option<&Ticket>) -> Reply {
        let (value, acs) = self.saml_response(user, ticket);
        let relay_state = ticket.and_then(|ticket| ticket.relay_state.clone());
        let page = match self.face.name {
            name if name.starts_with("simplesaml") => faces::simplesaml::last_page(&acs, &value),
            name if name.starts_with("keycloak") => faces::keycloak::last_page(&acs, &value),
            name if name.starts_with("adfs") => faces::adfs::last_page(&acs, &value),
            name if name.starts_with("lemonldap") => {
                faces::lemonldap_pages::last_page(&acs, &value)
            }
            _ => html::auto_submit(
                "Signing in",
                &acs,
                &[
                    ("SAMLResponse", value.as_str()),
                    ("RelayState", relay_state.as_deref().unwrap_or_default()),
                ],
            ),
        };
        self.sign_in(user, Reply::html(page))
    }
}
