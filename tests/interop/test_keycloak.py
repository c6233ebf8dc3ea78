"""`mai` and Keycloak."""

from harness import keycloak, phone, words
from harness.browser import Browser
from harness.keycloak import ADMIN, AUDITOR, BRIEF, DEVELOPER, OFTEN_WRONG, PHONE, TABLET, role
from harness.world import AtServer

PROD = {"prod": {"role": role(DEVELOPER)}}


class Keycloak(AtServer):
    server = "keycloak"
    profiles = PROD

    def test_a_first_login_takes_two_requests_and_one_at_the_sts(self):
        person = self.person("ada")
        idp, sts = self.at_idp(), self.at_sts()
        self.ends_with(person.login("prod"), words.DONE)
        self.count(2, idp.requests())
        self.redeemed(1, sts)
        self.keys_work(person, "prod", role(DEVELOPER))
        self.damaged_keys_fail(person, "prod")

    def test_three_profiles_cost_one_sign_in(self):
        names = {"dev": DEVELOPER, "audit": AUDITOR, "admin": ADMIN}
        person = self.person("grace", {name: {"role": role(each)} for name, each in names.items()})
        idp, sts = self.at_idp(), self.at_sts()
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
        sts = self.at_sts()
        self.ends_with(person.login("brief", "--force"), words.DONE)
        self.redeemed(1, sts)

    def test_five_logins_at_once_are_one_sign_in(self):
        person = self.person("ada")
        idp = self.at_idp()
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
            Browser(self.world.authority.certificate).sign_in(self.idp.url, "guessed", "a guess")
        self.refused("guessed", words.SAYS_LOCKED_FOR_A_WHILE)

    def test_an_old_password_must_be_changed_by_the_person(self):
        self.refused("expired", words.SAYS_CHANGE_PASSWORD, words.CHANGE_PASSWORD_CODES)

    def test_somebody_without_roles_is_told_so(self):
        self.refused("nobody", words.SAYS_NO_ROLES)

    def test_a_code_is_asked_at_the_terminal(self):
        person = self.person("totp")
        idp = self.at_idp()
        terminal = self.after_password(person)
        terminal.expect(words.ASKS_CODE)
        terminal.answers(keycloak.code(PHONE))
        self.ends_with(terminal.ends(), words.DONE)
        self.count(3, idp.requests())
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_code_comes_from_a_command(self):
        person = self.person("totp-by-command", idp={"mfa": {"method": "totp", "code": phone.command(PHONE)}})
        self.ends_with(person.login("prod", "--no-input"), words.DONE)
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_code_is_not_asked_of_nobody(self):
        person = self.person("totp-mistyped")
        idp = self.at_idp()
        said = self.ends_with(person.login("prod"), words.NEEDS_A_PERSON)
        self.says(said, r"(?i)code")
        self.count(1, idp.posts())

    def test_a_wrong_code_is_sent_once_and_named(self):
        mfa = {"method": "totp", "code": phone.command("another phone entirely")}
        person = self.person("totp-mistyped", idp={"mfa": mfa})
        idp = self.at_idp()
        said = self.ends_with(person.login("prod"), words.REFUSED)
        self.says(said, words.SAYS_WRONG_CODE)
        self.count(2, idp.posts())
        self.nothing_written(person)

    def test_the_device_is_the_one_that_was_named(self):
        for device, secret in (("tablet", TABLET), ("phone", PHONE)):
            mfa = {"method": "totp", "device": device, "code": phone.command(secret)}
            person = self.person("devices", idp={"mfa": mfa})
            idp = self.at_idp()
            self.ends_with(person.login("prod"), words.DONE)
            self.count(3, idp.requests())
            self.keys_work(person, "prod", role(DEVELOPER))

    def test_the_device_is_asked_where_there_are_two(self):
        person = self.person("devices-asked")
        terminal = self.after_password(person)
        terminal.expect(words.ASKS_DEVICE)
        terminal.chooses("tablet")
        terminal.expect(words.ASKS_CODE)
        terminal.answers(keycloak.code(TABLET))
        self.ends_with(terminal.ends(), words.DONE)
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_bare_endpoint_is_started_with_an_own_request(self):
        person = self.person("ada", idp={"url": self.idp.bare_url})
        self.ends_with(person.login("prod"), words.DONE)
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_one_role_is_redeemed_at_moto(self):
        person = self.person("ada", sts=self.world.moto)
        self.ends_with(person.login("prod"), words.DONE)
        self.keys_work(person, "prod", role(DEVELOPER))
