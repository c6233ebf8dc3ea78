"""`mai` and NanoIDP, which asks for user name, password and code on three pages, and has no start page of its own."""

from harness import keycloak, phone, words
from harness.nanoidp import DEVELOPER, PHONE, role
from harness.world import AtServer

PROD = {"prod": {"role": role(DEVELOPER)}}


class NanoIdp(AtServer):
    server = "nanoidp"
    profiles = PROD

    def passwords_sent(self, counter):
        """All forms go to one address, and the first takes the user name."""
        return counter.posts()[1:]

    def test_a_first_login_takes_four_requests_and_one_at_the_sts(self):
        person = self.person("ada")
        idp, sts = self.at_idp(), self.at_sts()
        self.ends_with(person.login("prod"), words.DONE)
        # The bare address, the same with a request, user name, password
        self.count(4, idp.requests())
        self.redeemed(1, sts)
        self.keys_work(person, "prod", role(DEVELOPER))
        self.damaged_keys_fail(person, "prod")

    def test_a_wrong_password_is_sent_once_and_named(self):
        self.refused("mistyping", words.SAYS_WRONG_PASSWORD, password="not the one", requests=4)

    def test_an_unknown_person_is_a_wrong_password_too(self):
        self.refused("stranger", words.SAYS_WRONG_PASSWORD, requests=4)

    def test_somebody_without_roles_is_told_so(self):
        self.refused("nobody", words.SAYS_NO_ROLES)

    def test_a_code_is_asked_at_the_terminal(self):
        person = self.person("totp")
        idp = self.at_idp()
        terminal = self.after_password(person)
        terminal.expect(words.ASKS_CODE)
        terminal.answers(keycloak.code(PHONE))
        self.ends_with(terminal.ends(), words.DONE)
        self.count(5, idp.requests())
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_code_comes_from_a_command(self):
        person = self.person("totp-kept", idp={"mfa": {"code": phone.command(PHONE)}})
        self.ends_with(person.login("prod"), words.DONE)
        self.has_keys(person)

    def test_a_code_is_not_asked_of_nobody(self):
        self.refused("totp-mistyped", r"(?i)code", words.NEEDS_A_PERSON, requests=4)

    def test_a_wrong_code_is_sent_once_and_named(self):
        person = self.person("totp-mistyped", idp={"mfa": {"code": phone.command("another phone entirely")}})
        idp, sts = self.at_idp(), self.at_sts()
        said = self.ends_with(person.login("prod"), words.REFUSED)
        self.says(said, words.SAYS_WRONG_CODE)
        # User name, password, code
        self.count(3, idp.posts())
        self.redeemed(0, sts)
        self.nothing_written(person)
