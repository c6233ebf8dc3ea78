"""`mai` and Keycloak."""

import sys

from harness import keycloak, words
from harness.browser import Browser
from harness.keycloak import ADMIN, AUDITOR, BRIEF, DEVELOPER, OFTEN_WRONG, PHONE, TABLET, role
from harness.web import HERE
from harness.world import Case

PROD = {"prod": {"role": role(DEVELOPER)}}


def phone(secret):
    """A command that prints the code of a device, as `profiles.yaml` takes it."""
    return {"command": [sys.executable, "-B", str(HERE / "harness/phone.py"), secret], "unattended": True}


class Keycloak(Case):
    def person(self, username, profiles=None, **more):
        return self.world.person(username, self.world.keycloak, profiles or PROD, **more)

    def passwords_sent(self, counter):
        return counter.posts(self.world.keycloak.login_path)

    def refused(self, username, pattern, code=words.REFUSED, password=None):
        """A login that ends after one password, with these words."""
        person = self.person(username)
        idp, sts = self.world.web.counter("keycloak"), self.world.web.counter("sts")
        said = self.ends_with(person.login("prod", password=password), code)
        self.says(said, pattern)
        self.count(1, self.passwords_sent(idp))
        self.redeemed(0, sts)
        self.nothing_written(person)

    def test_a_first_login_takes_two_requests_and_one_at_the_sts(self):
        person = self.person("ada")
        idp, sts = self.world.web.counter("keycloak"), self.world.web.counter("sts")
        self.ends_with(person.login("prod"), words.DONE)
        self.count(2, idp.requests())
        self.redeemed(1, sts)
        self.keys_work(person, "prod", role(DEVELOPER))
        self.damaged_keys_fail(person, "prod")

    def test_three_profiles_cost_one_sign_in(self):
        names = {"dev": DEVELOPER, "audit": AUDITOR, "admin": ADMIN}
        person = self.person("grace", {name: {"role": role(each)} for name, each in names.items()})
        idp, sts = self.world.web.counter("keycloak"), self.world.web.counter("sts")
        self.ends_with(person.login("dev", "audit", "admin"), words.DONE)
        self.count(2, idp.requests())
        self.redeemed(3, sts)
        for name, each in names.items():
            self.keys_work(person, name, role(each))

    def test_too_long_a_session_becomes_the_longest_that_the_role_has(self):
        person = self.person("grace", {"brief": {"role": role(BRIEF), "duration": "8h"}})
        said = self.ends_with(person.login("brief"), words.DONE)
        self.says(said, words.SAYS_SHORTER)
        self.keys_work(person, "brief", role(BRIEF))
        sts = self.world.web.counter("sts")
        self.ends_with(person.login("brief", "--force"), words.DONE)
        self.redeemed(1, sts)

    def test_five_logins_at_once_are_one_sign_in(self):
        person = self.person("ada")
        idp = self.world.web.counter("keycloak")
        for said in person.logins_at_once(5, "prod"):
            self.ends_with(said, words.DONE)
        self.count(1, self.passwords_sent(idp))
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_wrong_password_is_sent_once_and_named(self):
        self.refused("mistyping", words.SAYS_WRONG_PASSWORD, password="not the one")

    def test_a_disabled_account_is_named(self):
        self.refused("disabled", words.SAYS_DISABLED)

    def test_an_account_locked_for_a_while_is_asked_once(self):
        for _ in range(OFTEN_WRONG):
            Browser(self.world.authority.certificate).sign_in(self.world.keycloak.url, "guessed", "a guess")
        self.refused("guessed", words.SAYS_LOCKED_FOR_A_WHILE)

    def test_an_old_password_must_be_changed_by_the_person(self):
        self.refused("expired", words.SAYS_CHANGE_PASSWORD, words.CHANGE_PASSWORD_CODES)

    def test_somebody_without_roles_is_told_so(self):
        self.refused("nobody", words.SAYS_NO_ROLES)

    def test_a_code_is_asked_at_the_terminal(self):
        person = self.person("totp")
        idp = self.world.web.counter("keycloak")
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        terminal.expect(words.ASKS_CODE)
        terminal.answers(keycloak.code(PHONE))
        self.ends_with(terminal.ends(), words.DONE)
        self.count(3, idp.requests())
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_code_comes_from_a_command(self):
        person = self.person("totp-by-command", idp={"mfa": {"method": "totp", "code": phone(PHONE)}})
        self.ends_with(person.login("prod", "--no-input"), words.DONE)
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_code_is_not_asked_of_nobody(self):
        person = self.person("totp-mistyped")
        idp = self.world.web.counter("keycloak")
        said = self.ends_with(person.login("prod"), words.NEEDS_A_PERSON)
        self.says(said, r"(?i)code")
        self.count(1, idp.posts())

    def test_a_wrong_code_is_sent_once_and_named(self):
        person = self.person("totp-mistyped", idp={"mfa": {"method": "totp", "code": phone("another phone entirely")}})
        idp = self.world.web.counter("keycloak")
        said = self.ends_with(person.login("prod"), words.REFUSED)
        self.says(said, words.SAYS_WRONG_CODE)
        self.count(2, idp.posts())
        self.nothing_written(person)

    def test_the_device_is_the_one_that_was_named(self):
        for device, secret in (("tablet", TABLET), ("phone", PHONE)):
            mfa = {"method": "totp", "device": device, "code": phone(secret)}
            person = self.person("devices", idp={"mfa": mfa})
            idp = self.world.web.counter("keycloak")
            self.ends_with(person.login("prod"), words.DONE)
            self.count(3, idp.requests())
            self.keys_work(person, "prod", role(DEVELOPER))

    def test_the_device_is_asked_where_there_are_two(self):
        person = self.person("devices-asked")
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        terminal.expect(words.ASKS_DEVICE)
        terminal.chooses("tablet")
        terminal.expect(words.ASKS_CODE)
        terminal.answers(keycloak.code(TABLET))
        self.ends_with(terminal.ends(), words.DONE)
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_bare_endpoint_is_started_with_an_own_request(self):
        person = self.person("ada", idp={"url": self.world.keycloak.bare_url})
        self.ends_with(person.login("prod"), words.DONE)
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_one_role_is_redeemed_at_moto(self):
        person = self.person("ada", sts=self.world.moto)
        self.ends_with(person.login("prod"), words.DONE)
        self.keys_work(person, "prod", role(DEVELOPER))
