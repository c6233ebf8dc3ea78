"""`mai` and LemonLDAP::NG."""

from harness import keycloak, phone, words
from harness.lemonldap import AUDITOR, DEVELOPER, PHONE, role
from harness.world import AtServer

PROD = {"prod": {"role": role(DEVELOPER)}}


class LemonLdap(AtServer):
    server = "lemonldap"
    profiles = PROD

    def codes_sent(self, counter):
        return counter.posts(self.idp.code_path)

    def stopped(self, url, pattern, code):
        """The right password does not help at this address."""
        person = self.person("ada", idp={"url": url})
        idp = self.at_idp()
        said = self.ends_with(person.login("prod"), code)
        self.says(said, pattern)
        self.count(1, self.passwords_sent(idp))
        self.nothing_written(person)

    def test_a_first_login_takes_two_requests_and_one_at_the_sts(self):
        person = self.person("ada")
        idp, sts = self.at_idp(), self.at_sts()
        self.ends_with(person.login("prod"), words.DONE)
        self.count(2, idp.requests())
        self.redeemed(1, sts)
        self.keys_work(person, "prod", role(DEVELOPER))
        self.damaged_keys_fail(person, "prod")

    def test_two_profiles_cost_one_sign_in(self):
        names = {"dev": DEVELOPER, "audit": AUDITOR}
        person = self.person("grace", {name: {"role": role(each)} for name, each in names.items()})
        idp, sts = self.at_idp(), self.at_sts()
        self.ends_with(person.login("dev", "audit"), words.DONE)
        self.count(2, idp.requests())
        self.redeemed(2, sts)
        self.keys_work(person, "audit", role(AUDITOR))

    def test_a_wrong_password_is_sent_once_and_named(self):
        self.refused("mistyping", words.SAYS_WRONG_PASSWORD, password="not the one", requests=2)

    def test_an_unknown_person_is_a_wrong_password_too(self):
        person = self.person("stranger")
        said = self.ends_with(person.login("prod"), words.REFUSED)
        self.says(said, words.SAYS_WRONG_PASSWORD)

    def test_a_locked_account_is_named(self):
        self.refused("locked", words.SAYS_DISABLED, requests=2)

    def test_an_old_password_must_be_changed_by_the_person(self):
        for name in ("expired", "reset"):
            self.refused(name, words.SAYS_CHANGE_PASSWORD, words.CHANGE_PASSWORD_CODES, requests=2)

    def test_somebody_without_roles_is_told_so(self):
        person = self.person("nobody")
        said = self.ends_with(person.login("prod"), words.REFUSED)
        self.says(said, words.SAYS_NO_ROLES)
        self.nothing_written(person)

    def test_a_service_that_is_not_known_is_named(self):
        self.stopped(self.idp.start_url + "urn:nobody", words.SAYS_UNKNOWN_SERVICE, words.MISTAKEN)

    def test_a_service_that_must_not_be_started_here_is_named(self):
        url = self.idp.start_url + "urn:other:service"
        self.stopped(url, words.SAYS_NOT_STARTED, words.REFUSED)

    def test_a_bare_endpoint_is_started_with_an_own_request(self):
        person = self.person("ada", idp={"url": self.idp.bare_url})
        self.ends_with(person.login("prod"), words.DONE)
        self.has_keys(person)

    def test_a_code_is_asked_at_the_terminal(self):
        person = self.person("totp")
        idp = self.at_idp()
        terminal = self.after_password(person)
        terminal.expect(words.ASKS_CODE)
        terminal.answers(keycloak.code(PHONE))
        self.ends_with(terminal.ends(), words.DONE)
        self.count(4, idp.requests())
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_code_comes_from_a_command(self):
        person = self.person("totp", idp={"mfa": {"method": "totp", "code": phone.command(PHONE)}})
        self.ends_with(person.login("prod"), words.DONE)
        self.has_keys(person)

    def test_a_code_comes_from_the_keyring(self):
        idp = {"password": "keyring", "mfa": {"method": "totp", "code": "keyring"}}
        person = self.person("app-kept", idp=idp, bus=self.world.keyring.address)
        terminal = self.after_password(person)
        terminal.expect(words.ASKS_TOTP_SECRET)
        terminal.types_secretly(keycloak.shared_secret(PHONE))
        terminal.expect(words.ASKS_TO_KEEP)
        terminal.answers(words.YES)
        self.ends_with(terminal.ends(), words.DONE)
        self.has_keys(person)
        accounts = self.world.keyring.accounts()
        self.assertIn(f"totp/corp/app-kept@{self.idp.origin}", accounts)

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
        self.count(1, self.codes_sent(idp))
        self.nothing_written(person)

    def test_a_wrong_code_at_the_terminal_ends_the_sign_in(self):
        person = self.person("totp-mistyped")
        idp = self.at_idp()
        terminal = self.after_password(person)
        terminal.expect(words.ASKS_CODE)
        terminal.answers("000000")
        said = self.ends_with(terminal.ends(), words.REFUSED)
        self.says(said, words.SAYS_WRONG_CODE)
        self.count(1, self.passwords_sent(idp))
        self.count(1, self.codes_sent(idp))

    def test_a_code_from_a_message_is_sent_for_once(self):
        person = self.person("messages")
        terminal = self.after_password(person)
        terminal.expect(words.ASKS_CODE)
        [code] = self.idp.sent_codes("messages")
        terminal.answers(code)
        self.ends_with(terminal.ends(), words.DONE)
        self.has_keys(person)
        self.assertEqual([code], self.idp.sent_codes("messages"))

    def test_of_two_factors_the_configured_one_is_taken_and_no_message_is_sent(self):
        person = self.person("both", idp={"mfa": {"method": "totp", "code": phone.command(PHONE)}})
        idp = self.at_idp()
        self.ends_with(person.login("prod"), words.DONE)
        self.count(5, idp.requests())
        self.has_keys(person)
        self.assertEqual([], self.idp.sent_codes("both"))

    def test_of_two_factors_the_person_picks_one(self):
        person = self.person("both-asked")
        terminal = self.after_password(person)
        terminal.expect(words.ASKS_FACTOR)
        terminal.chooses("Code sent")
        terminal.expect(words.ASKS_CODE)
        [code] = self.idp.sent_codes("both-asked")
        terminal.answers(code)
        self.ends_with(terminal.ends(), words.DONE)
        self.has_keys(person)

    def test_a_computer_is_remembered_where_the_person_said_so(self):
        person = self.person("ada", idp={"remember_device": True})
        idp = self.at_idp()
        self.ends_with(person.login("prod"), words.DONE)
        self.count(1, idp.posts("/registerbrowser"))
        self.has_keys(person)

    def test_one_role_is_redeemed_at_moto(self):
        person = self.person("ada", sts=self.world.moto)
        self.ends_with(person.login("prod"), words.DONE)
        self.has_keys(person)
