"""`mai` and LemonLDAP::NG."""

import sys

from harness import keycloak, lemonldap, words
from harness.lemonldap import AUDITOR, DEVELOPER, PHONE, role
from harness.web import HERE
from harness.world import Case

PROD = {"prod": {"role": role(DEVELOPER)}}


def phone(secret):
    """A command that prints the code of a device, as `profiles.yaml` takes it."""
    return {"command": [sys.executable, "-B", str(HERE / "harness/phone.py"), secret], "unattended": True}


class LemonLdap(Case):
    def person(self, username, profiles=None, **more):
        return self.world.person(username, self.world.lemonldap, profiles or PROD, **more)

    def passwords_sent(self, counter):
        return counter.posts(self.world.lemonldap.login_path)

    def codes_sent(self, counter):
        return counter.posts(self.world.lemonldap.code_path)

    def has_keys(self, person):
        self.assertIsNotNone(person.keys("prod"), f"no [prod] in {person.credentials}")

    def refused(self, username, pattern, code=words.REFUSED, password=None):
        """A login that ends after one password, with these words."""
        person = self.person(username)
        idp, sts = self.world.web.counter("lemonldap"), self.world.web.counter("sts")
        said = self.ends_with(person.login("prod", password=password), code)
        self.says(said, pattern)
        self.count(1, self.passwords_sent(idp))
        self.count(2, idp.requests())
        self.redeemed(0, sts)
        self.nothing_written(person)

    def stopped(self, url, pattern, code):
        """The right password does not help at this address."""
        person = self.person("ada", idp={"url": url})
        idp = self.world.web.counter("lemonldap")
        said = self.ends_with(person.login("prod"), code)
        self.says(said, pattern)
        self.count(1, self.passwords_sent(idp))
        self.nothing_written(person)

    def test_a_first_login_takes_two_requests_and_one_at_the_sts(self):
        person = self.person("ada")
        idp, sts = self.world.web.counter("lemonldap"), self.world.web.counter("sts")
        self.ends_with(person.login("prod"), words.DONE)
        self.count(2, idp.requests())
        self.redeemed(1, sts)
        self.keys_work(person, "prod", role(DEVELOPER))
        self.damaged_keys_fail(person, "prod")

    def test_two_profiles_cost_one_sign_in(self):
        names = {"dev": DEVELOPER, "audit": AUDITOR}
        person = self.person("grace", {name: {"role": role(each)} for name, each in names.items()})
        idp, sts = self.world.web.counter("lemonldap"), self.world.web.counter("sts")
        self.ends_with(person.login("dev", "audit"), words.DONE)
        self.count(2, idp.requests())
        self.redeemed(2, sts)
        self.keys_work(person, "audit", role(AUDITOR))

    def test_a_wrong_password_is_sent_once_and_named(self):
        self.refused("mistyping", words.SAYS_WRONG_PASSWORD, password="not the one")

    def test_an_unknown_person_is_a_wrong_password_too(self):
        person = self.person("stranger")
        said = self.ends_with(person.login("prod"), words.REFUSED)
        self.says(said, words.SAYS_WRONG_PASSWORD)

    def test_a_locked_account_is_named(self):
        self.refused("locked", words.SAYS_DISABLED)

    def test_an_old_password_must_be_changed_by_the_person(self):
        for name in ("expired", "reset"):
            self.refused(name, words.SAYS_CHANGE_PASSWORD, words.CHANGE_PASSWORD_CODES)

    def test_somebody_without_roles_is_told_so(self):
        person = self.person("nobody")
        said = self.ends_with(person.login("prod"), words.REFUSED)
        self.says(said, words.SAYS_NO_ROLES)
        self.nothing_written(person)

    def test_a_service_that_is_not_known_is_named(self):
        self.stopped(self.world.lemonldap.start_url + "urn:nobody", words.SAYS_UNKNOWN_SERVICE, words.MISTAKEN)

    def test_a_service_that_must_not_be_started_here_is_named(self):
        url = self.world.lemonldap.start_url + "urn:other:service"
        self.stopped(url, words.SAYS_NOT_STARTED, words.REFUSED)

    def test_a_bare_endpoint_is_started_with_an_own_request(self):
        person = self.person("ada", idp={"url": self.world.lemonldap.bare_url})
        self.ends_with(person.login("prod"), words.DONE)
        self.has_keys(person)

    def test_a_code_is_asked_at_the_terminal(self):
        person = self.person("totp")
        idp = self.world.web.counter("lemonldap")
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        terminal.expect(words.ASKS_CODE)
        terminal.answers(keycloak.code(PHONE))
        self.ends_with(terminal.ends(), words.DONE)
        self.count(4, idp.requests())
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_code_comes_from_a_command(self):
        person = self.person("totp", idp={"mfa": {"method": "totp", "code": phone(PHONE)}})
        self.ends_with(person.login("prod"), words.DONE)
        self.has_keys(person)

    def test_a_code_comes_from_the_keyring(self):
        idp = {"password": "keyring", "mfa": {"method": "totp", "code": "keyring"}}
        person = self.person("app-kept", idp=idp, bus=self.world.keyring.address)
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        terminal.expect(words.ASKS_TOTP_SECRET)
        terminal.types_secretly(keycloak.shared_secret(PHONE))
        terminal.expect(words.ASKS_TO_KEEP)
        terminal.answers(words.YES)
        self.ends_with(terminal.ends(), words.DONE)
        self.has_keys(person)
        accounts = self.world.keyring.accounts()
        self.assertIn(f"totp/corp/app-kept@{self.world.lemonldap.origin}", accounts)

    def test_a_code_is_not_asked_of_nobody(self):
        person = self.person("totp-mistyped")
        idp = self.world.web.counter("lemonldap")
        said = self.ends_with(person.login("prod"), words.NEEDS_A_PERSON)
        self.says(said, r"(?i)code")
        self.count(1, idp.posts())

    def test_a_wrong_code_is_sent_once_and_named(self):
        person = self.person("totp-mistyped", idp={"mfa": {"method": "totp", "code": phone("another phone entirely")}})
        idp = self.world.web.counter("lemonldap")
        said = self.ends_with(person.login("prod"), words.REFUSED)
        self.says(said, words.SAYS_WRONG_CODE)
        self.count(1, self.codes_sent(idp))
        self.nothing_written(person)

    def test_a_wrong_code_at_the_terminal_ends_the_sign_in(self):
        person = self.person("totp-mistyped")
        idp = self.world.web.counter("lemonldap")
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        terminal.expect(words.ASKS_CODE)
        terminal.answers("000000")
        said = self.ends_with(terminal.ends(), words.REFUSED)
        self.says(said, words.SAYS_WRONG_CODE)
        self.count(1, self.passwords_sent(idp))
        self.count(1, self.codes_sent(idp))

    def test_a_code_from_a_message_is_sent_for_once(self):
        person = self.person("messages")
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        terminal.expect(words.ASKS_CODE)
        [code] = self.world.lemonldap.sent_codes("messages")
        terminal.answers(code)
        self.ends_with(terminal.ends(), words.DONE)
        self.has_keys(person)
        self.assertEqual([code], self.world.lemonldap.sent_codes("messages"))

    def test_of_two_factors_the_configured_one_is_taken_and_no_message_is_sent(self):
        person = self.person("both", idp={"mfa": {"method": "totp", "code": phone(PHONE)}})
        idp = self.world.web.counter("lemonldap")
        self.ends_with(person.login("prod"), words.DONE)
        self.count(5, idp.requests())
        self.has_keys(person)
        self.assertEqual([], self.world.lemonldap.sent_codes("both"))

    def test_of_two_factors_the_person_picks_one(self):
        person = self.person("both-asked")
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        terminal.expect(words.ASKS_FACTOR)
        terminal.chooses("Code sent")
        terminal.expect(words.ASKS_CODE)
        [code] = self.world.lemonldap.sent_codes("both-asked")
        terminal.answers(code)
        self.ends_with(terminal.ends(), words.DONE)
        self.has_keys(person)

    def test_a_computer_is_remembered_where_the_person_said_so(self):
        person = self.person("ada", idp={"remember_device": True})
        idp = self.world.web.counter("lemonldap")
        self.ends_with(person.login("prod"), words.DONE)
        self.count(1, idp.posts("/registerbrowser"))
        self.has_keys(person)

    def test_one_role_is_redeemed_at_moto(self):
        person = self.person("ada", sts=self.world.moto)
        self.ends_with(person.login("prod"), words.DONE)
        self.has_keys(person)
