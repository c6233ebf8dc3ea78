//! The testbed as tests, the playground and the binary hold it.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use crate::faults::{Fault, Refusal};
use crate::idp;
use crate::saml::metadata::Trust;
use crate::saml::response::Signed;
use crate::seen::{Seen, Server, Traffic};
use crate::server::{Listener, Running, run};
use crate::sts::{AccountsPage, RoleRules};
use crate::tls::Authority;
use crate::users::{TOTP_SECRET, Users, totp};
use crate::world::{Urls, World};

/// How a testbed is to be set up; ports are random unless named.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Serve the identity provider over https, with certificates of an own authority.
    pub tls: bool,
    /// The port of the identity provider.
    pub idp_port: u16,
    /// The port of the second host.
    pub other_port: u16,
    /// The port of STS, plain http.
    pub sts_port: u16,
}

/// Identity provider and STS, running until dropped.
pub struct Testbed {
    world: Arc<World>,
    authority: Option<Authority>,
    _running: Running,
}

impl Testbed {
    /// Everything over plain http: the IdP on `127.0.0.1`, the other host on `localhost`.
    pub fn start() -> Self {
        Self::start_with(&Setup::default())
    }

    /// The IdP over https on `localhost`, the other host on `127.0.0.1`, trusted by [`Testbed::ca_pem`];
    /// STS over plain http and over https.
    pub fn start_tls() -> Self {
        Self::start_with(&Setup {
            tls: true,
            ..Setup::default()
        })
    }

    /// As said by the setup.
    ///
    /// # Panics
    ///
    /// When a named port is taken.
    pub fn start_with(setup: &Setup) -> Self {
        let mut urls = Urls::default();
        let mut listeners = Vec::new();
        let mut listen = |server, port, scheme: &str, host: &str, tls| {
            let socket = TcpListener::bind(("127.0.0.1", port))
                .unwrap_or_else(|error| panic!("port {port} of 127.0.0.1 cannot be used: {error}"));
            let port = socket
                .local_addr()
                .expect("a bound socket has an address")
                .port();
            listeners.push(Listener {
                socket,
                server,
                tls,
            });
            format!("{scheme}://{host}:{port}")
        };
        urls.sts = listen(Server::Sts, setup.sts_port, "http", "127.0.0.1", None);
        let authority = setup.tls.then(|| Authority::generate("testbed authority"));
        if let Some(authority) = &authority {
            let good = authority.server(&["localhost", "127.0.0.1"], None);
            let unknown = Authority::generate("unknown authority").server(&["localhost"], None);
            let elsewhere = authority.server(&["elsewhere.test"], None);
            let over = authority.server(&["localhost"], Some((2020, 1, 1)));
            urls.idp = listen(
                Server::Idp,
                setup.idp_port,
                "https",
                "localhost",
                Some(good.clone()),
            );
            urls.other = listen(
                Server::Other,
                setup.other_port,
                "https",
                "127.0.0.1",
                Some(good.clone()),
            );
            urls.sts_tls = Some(listen(Server::Sts, 0, "https", "localhost", Some(good)));
            urls.untrusted = Some(listen(Server::Idp, 0, "https", "localhost", Some(unknown)));
            urls.wrong_name = Some(listen(
                Server::Idp,
                0,
                "https",
                "localhost",
                Some(elsewhere),
            ));
            urls.expired = Some(listen(Server::Idp, 0, "https", "localhost", Some(over)));
            let mutual = authority.demanding_server(&["localhost"]);
            urls.mutual = Some(listen(Server::Idp, 0, "https", "localhost", Some(mutual)));
        } else {
            urls.idp = listen(Server::Idp, setup.idp_port, "http", "127.0.0.1", None);
            urls.other = listen(Server::Other, setup.other_port, "http", "localhost", None);
        }
        let world = Arc::new(World::new(urls));
        Self {
            _running: run(world.clone(), listeners),
            world,
            authority,
        }
    }

    /// The origin of the identity provider, without a slash at the end.
    pub fn idp_url(&self) -> &str {
        &self.world.urls.idp
    }

    /// The origin of the second host, which serves the same faces.
    pub fn other_url(&self) -> &str {
        &self.world.urls.other
    }

    /// The STS over plain http.
    pub fn sts_url(&self) -> &str {
        &self.world.urls.sts
    }

    /// The STS over https; none without TLS.
    pub fn sts_tls_url(&self) -> Option<&str> {
        self.world.urls.sts_tls.as_deref()
    }

    /// The identity provider behind a certificate of an authority that nobody trusts; none without TLS.
    pub fn untrusted_url(&self) -> Option<&str> {
        self.world.urls.untrusted.as_deref()
    }

    /// The identity provider behind a certificate for another name; none without TLS.
    pub fn wrong_name_url(&self) -> Option<&str> {
        self.world.urls.wrong_name.as_deref()
    }

    /// The identity provider behind a certificate that ended years ago; none without TLS.
    pub fn expired_url(&self) -> Option<&str> {
        self.world.urls.expired.as_deref()
    }

    /// The identity provider for those who bring [`Testbed::client_certificate`]; none without TLS.
    pub fn mutual_url(&self) -> Option<&str> {
        self.world.urls.mutual.as_deref()
    }

    /// A client's certificate and its key in PEM, good for [`Testbed::mutual_url`]; none without TLS.
    pub fn client_certificate(&self) -> Option<(String, String)> {
        self.authority
            .as_ref()
            .map(|authority| authority.client("ada"))
    }

    /// The authority's certificate; empty without TLS.
    pub fn ca_pem(&self) -> &str {
        self.authority.as_ref().map_or("", Authority::pem)
    }

    /// Writes [`Testbed::ca_pem`] to a file.
    pub fn write_ca(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, self.ca_pem())
    }

    /// The start URL of a face.
    ///
    /// # Panics
    ///
    /// When there is no such face: a mistake in the test.
    pub fn face(&self, name: &str) -> String {
        format!("{}{}", self.idp_url(), Self::face_path(name))
    }

    /// Path and query of a face's start URL, for the other origins.
    ///
    /// # Panics
    ///
    /// When there is no such face: a mistake in the test.
    pub fn face_path(name: &str) -> String {
        idp::start_path(name).unwrap_or_else(|| panic!("the testbed has no face {name}"))
    }

    /// The names of all faces.
    pub fn faces() -> Vec<&'static str> {
        idp::all_faces().map(|face| face.name).collect()
    }

    /// What a program needs in its environment to use this STS.
    pub fn env(&self) -> Vec<(String, String)> {
        vec![("AWS_ENDPOINT_URL_STS".into(), self.sts_url().into())]
    }

    /// The metadata of the identity provider.
    pub fn metadata_xml(&self) -> String {
        idp::metadata(&self.world)
    }

    /// Changes the people who can sign in; the change must not ask the testbed itself for anything.
    pub fn users<T>(&self, change: impl FnOnce(&mut Users) -> T) -> T {
        change(&mut self.world.state().users)
    }

    /// The current code of a user's first device, or of the device that the `otp` face assumes.
    pub fn code(&self, user: &str) -> String {
        self.code_in(user, 0)
    }

    fn code_in(&self, user: &str, seconds: u64) -> String {
        let first = self.users(|users| users.get(user).devices.first().cloned());
        let secret = first.map_or_else(|| TOTP_SECRET.to_owned(), |device| device.secret);
        totp(
            &secret,
            self.world.now().timestamp().unsigned_abs() + seconds,
        )
    }

    /// The code after [`Testbed::code`], which is accepted already.
    pub fn next_code(&self, user: &str) -> String {
        self.code_in(user, 30)
    }

    /// Forgets which codes were used, so that a second sign-in need not wait for the next one.
    pub fn forget_codes(&self) {
        self.world.state().used_codes.clear();
    }

    /// How many passwords were tried for a user, right or wrong.
    pub fn password_attempts(&self, user: &str) -> u32 {
        self.world.state().attempts.get(user).copied().unwrap_or(0)
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Seen> {
        self.world.state().seen.clone()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        let mut state = self.world.state();
        state.seen.clear();
        for traffic in state.traffic.values_mut() {
            traffic.connections = 0;
            traffic.most_at_once = traffic.under_way;
        }
    }

    /// How busy a server has been since the last [`Testbed::clear_requests`].
    pub fn traffic(&self, server: Server) -> Traffic {
        let state = self.world.state();
        state.traffic.get(&server).copied().unwrap_or_default()
    }

    /// Signs every browser out.
    pub fn forget_sessions(&self) {
        self.world.state().sessions.clear();
    }

    /// How long a browser stays signed in, from its next sign-in on.
    pub fn session_seconds(&self, seconds: i64) {
        self.world.state().session_seconds = seconds;
    }

    /// Sets the clock of all servers so many seconds off the real one: assertions, keys, codes, sessions.
    ///
    /// [`Fault::DateSkew`] changes the `Date` header alone.
    pub fn clock(&self, seconds: i64) {
        self.world.set_clock(seconds);
    }

    /// Puts a fault in force.
    pub fn set(&self, fault: Fault) {
        self.world.state().faults.set(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.world.state().faults.clear();
    }

    /// Which element of a response is signed; the assertion unless said.
    pub fn sign(&self, what: Signed) {
        self.world.state().signed = what;
    }

    /// Makes STS refuse its next request with that code, message and HTTP status; several queue up.
    pub fn refuse_next(&self, code: &str, message: &str, http: u16) {
        self.world.state().faults.refusals.push_back(Refusal {
            code: code.into(),
            message: message.into(),
            status: http,
        });
    }

    /// Makes a role known to STS, or changes its rules.
    pub fn role(&self, arn: &str, rules: RoleRules) {
        self.world.state().sts.roles.insert(arn.into(), rules);
    }

    /// Every role that a verified assertion offers exists, up to 12 hours.
    pub fn any_role(&self, any: bool) {
        self.world.state().sts.any_role = any;
    }

    /// Gives an account an alias, which only the page of AWS's sign-in (`/saml` of STS) tells.
    pub fn account_name(&self, account: &str, alias: &str) {
        let names = &mut self.world.state().sts.account_names;
        names.insert(account.into(), alias.into());
    }

    /// How the page of AWS's sign-in looks.
    pub fn accounts_page(&self, page: AccountsPage) {
        self.world.state().sts.accounts_page = page;
    }

    /// Registers a SAML provider with its metadata; the error says what is wrong with that.
    ///
    /// The testbed's own identity provider is registered as the provider of every role that its users have.
    pub fn provider(&self, arn: &str, metadata_xml: &str) -> Result<(), String> {
        let trust = Trust::from_metadata(metadata_xml)?;
        self.world.state().sts.providers.insert(arn.into(), trust);
        Ok(())
    }

    /// The `SessionDuration` of each sign-in of a browser that STS gave out so far.
    pub fn console_durations(&self) -> Vec<Option<String>> {
        self.world.state().sts.federation.durations.clone()
    }

    /// Makes all keys that STS gave out expire now.
    pub fn expire_keys(&self) {
        self.world.state().sts.keys.expire_all(self.world.now());
    }
}
