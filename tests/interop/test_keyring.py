"""`mai` and gnome-keyring, with Keycloak as the server that refuses."""

import sys

from harness import words
from harness.keycloak import DEVELOPER, PHONE, role, shared_secret
from harness.world import Case


class Keyring(Case):
    def person(self, username, **idp):
        profiles = {"prod": {"role": role(DEVELOPER)}}
        more = {"idp": {"password": "keyring"} | idp, "bus": self.world.keyring.address}
        return self.world.person(username, self.world.keycloak, profiles, **more)

    def kept(self, person):
        """The account names of this person, and whether their password is among the secrets."""
        accounts = [each for each in self.world.keyring.accounts() if f"/{person.username}@" in each]
        return accounts, person.password in self.world.keyring.secrets()

    def log_in_by_hand(self, person, password, keep):
        terminal = person.at_terminal("login", "prod", "--force")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(password)
        terminal.expect(words.ASKS_TO_KEEP)
        terminal.answers(words.YES if keep else words.NO)
        self.ends_with(terminal.ends(), words.DONE)

    def test_a_password_is_kept_then_used_then_dropped_when_refused(self):
        person = self.person("keeping")
        self.log_in_by_hand(person, person.password, keep=True)
        account = f"password/corp/keeping@{self.world.keycloak.origin}"
        self.assertEqual(([account], True), self.kept(person))

        self.ends_with(person.mai("login", "prod", "--force", "--no-input"), words.DONE)
        self.keys_work(person, "prod", role(DEVELOPER))

        self.world.keycloak.change_password("keeping", "another password")
        before, idp = person.credentials.read_bytes(), self.world.web.counter("keycloak")
        said = self.ends_with(person.mai("login", "prod", "--force", "--no-input"), words.REFUSED)
        self.says(said, words.SAYS_WRONG_PASSWORD)
        self.count(1, idp.posts(self.world.keycloak.login_path))
        self.assertEqual(([], False), self.kept(person))
        self.assertEqual(before, person.credentials.read_bytes())

        idp = self.world.web.counter("keycloak")
        self.ends_with(person.mai("login", "prod", "--force", "--no-input"), words.NEEDS_A_PERSON)
        self.count(0, idp.posts())
        person.password = "another password"
        self.log_in_by_hand(person, person.password, keep=True)
        self.assertEqual(([account], True), self.kept(person))

    def test_a_totp_secret_is_kept_and_works_with_nobody_there(self):
        person = self.person("totp-kept", mfa={"method": "totp", "code": "keyring"})
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        terminal.expect(words.ASKS_TOTP_SECRET)
        terminal.types_secretly(shared_secret(PHONE))
        terminal.expect(words.ASKS_TO_KEEP)
        terminal.answers(words.YES)
        self.ends_with(terminal.ends(), words.DONE)
        accounts = [f"{kind}/corp/totp-kept@{self.world.keycloak.origin}" for kind in ("password", "totp")]
        self.assertEqual((accounts, True), self.kept(person))

        # Once per code: this one waits until the next code is due.
        self.ends_with(person.mai("login", "prod", "--force", "--no-input"), words.DONE)
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_password_is_not_kept_where_the_person_says_no(self):
        person = self.person("declining")
        self.log_in_by_hand(person, person.password, keep=False)
        self.assertEqual(([], False), self.kept(person))

    def test_what_the_python_mai_has_kept_is_used_where_its_mai_yaml_stands(self):
        person = self.person("classic")
        url = self.world.keycloak.url
        # As PyYAML wrote it before 5.1.
        person.profiles.with_name("mai.yaml").write_text(
            "global: {default_profile: prod}\nprod:\n"
            f"  saml_identity_provider_url: {url}\n"
            f"  saml_role: ['arn:aws:iam::123456789012:saml-provider/keycloak', '{role(DEVELOPER)}', null]\n"
            "  saml_user: classic\n"
        )
        person.profiles.unlink()
        self.world.keyring.python_keeps(sys.executable, f"classic@{url}", person.password)
        env = {"SSL_CERT_FILE": str(self.world.authority.certificate)}
        idp = self.world.web.counter("keycloak")
        self.ends_with(person.mai("--no-input", env=env), words.DONE)
        self.count(1, idp.posts(self.world.keycloak.login_path))
        self.keys_work(person, "default", role(DEVELOPER))
