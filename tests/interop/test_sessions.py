"""The sessions of SimpleSAMLphp and Keycloak between two logins, with the vault's key in gnome-keyring."""

from harness import keycloak, simplesamlphp, words
from harness.world import AtServer


class Sessions:
    """What holds at both servers. `two` is somebody with two roles."""

    def at(self, username):
        return self.person(username, idp={"keep_session": True}, bus=self.world.keyring.address)

    def signed_in(self, username):
        person = self.at(username)
        self.ends_with(person.login("first"), words.DONE)
        return person

    def comes_back(self, person, *arguments):
        """No password is sent, and no more than two requests."""
        idp, sts = self.at_idp(), self.at_sts()
        self.ends_with(person.mai(*arguments, "--no-input"), words.DONE)
        self.count(0, self.passwords_sent(idp))
        self.assertLessEqual(len(idp.requests()), 2, "\n".join(idp.requests()))
        self.redeemed(1, sts)

    def must_sign_in(self, person):
        idp = self.at_idp()
        self.ends_with(person.mai("login", "first", "--force", "--no-input"), words.NEEDS_A_PERSON)
        self.count(0, self.passwords_sent(idp))

    def test_the_second_login_sends_no_password(self):
        person = self.signed_in(self.two)
        self.comes_back(person, "login", "second")
        for section, name in self.roles.items():
            self.keys_work(person, section, name)
        self.comes_back(person, "login", "first", "--force")

    def test_require_comes_back_too(self):
        person = self.signed_in(self.two)
        self.comes_back(person, "require", "second")
        idp = self.at_idp()
        said = self.ends_with(person.mai("require", "first", "second"), words.DONE)
        self.assertEqual(("", ""), (said.out, said.err))
        self.count(0, idp.requests())

    def test_nothing_of_the_session_lies_in_the_clear(self):
        person = self.signed_in(self.two)
        files = [each for each in (person.home / "state/mai").rglob("*") if each.is_file()]
        self.assertIn("vault", [each.name for each in files])
        for each in files:
            self.assertNotIn(self.cookie, each.read_bytes(), each.name)

    def test_a_logout_ends_the_session_at_the_server(self):
        person = self.signed_in(self.two)
        vault = person.home / "state/mai/vault"
        copy = vault.read_bytes()
        said = self.ends_with(person.mai("logout", "first"), words.DONE)
        self.says(said, words.SAYS_SIGNED_OUT)
        self.assertIsNone(person.keys("first"))
        # Somebody has a copy of the session, which is worth nothing now.
        vault.write_bytes(copy)
        self.must_sign_in(person)


class SimpleSamlPhpSessions(Sessions, AtServer):
    server = "simplesamlphp"
    two = "three"
    cookie = b"SimpleSAML"
    roles = {"first": simplesamlphp.role("Developer"), "second": simplesamlphp.role("team/x/Auditor")}
    profiles = {section: {"role": name} for section, name in roles.items()}


class KeycloakSessions(Sessions, AtServer):
    server = "keycloak"
    two = "grace"
    cookie = b"KEYCLOAK"
    roles = {"first": keycloak.role(keycloak.DEVELOPER), "second": keycloak.role(keycloak.AUDITOR)}
    profiles = {section: {"role": name} for section, name in roles.items()}

    def test_a_session_that_an_administrator_ends_costs_one_password(self):
        person = self.signed_in(self.two)
        self.comes_back(person, "login", "second")
        self.idp.end_sessions(self.two)
        self.must_sign_in(person)
        idp = self.at_idp()
        self.ends_with(person.login("first", "--force"), words.DONE)
        self.count(1, self.passwords_sent(idp))
        self.comes_back(person, "login", "second", "--force")

    def test_a_logout_leaves_no_session_for_the_administrator_to_see(self):
        # Other tests sign everybody in.
        self.idp.end_sessions("leaving")
        idp = self.at_idp()
        person = self.signed_in("leaving")
        self.count(1, self.passwords_sent(idp))
        self.assertEqual(1, len(self.idp.sessions("leaving")))
        self.ends_with(person.mai("logout", "first"), words.DONE)
        self.assertEqual([], self.idp.sessions("leaving"))
