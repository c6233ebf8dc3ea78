"""`mai` and a login server of Django."""

from harness import words
from harness.django_idp import DEVELOPER, DISABLED, OUTSIDER, role
from harness.world import AtServer

PROD = {"prod": {"role": role(DEVELOPER)}}


class Django(AtServer):
    server = "django"
    profiles = PROD

    def test_a_first_login_takes_four_requests_and_one_at_the_sts(self):
        person = self.person("ada")
        idp, sts = self.at_idp(), self.at_sts()
        self.ends_with(person.login("prod"), words.DONE)
        self.count(4, idp.requests())
        self.count(1, self.passwords_sent(idp))
        self.redeemed(1, sts)
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_wrong_password_is_sent_once_and_named(self):
        self.refused("grace", words.SAYS_WRONG_PASSWORD, password="not the one")

    def test_a_disabled_account_looks_like_a_wrong_password(self):
        self.refused(DISABLED, words.SAYS_WRONG_PASSWORD)

    def test_somebody_who_may_not_use_the_service_is_told_so(self):
        self.refused(OUTSIDER, words.SAYS_NO_ACCESS)

    def test_a_service_that_is_not_known_is_named_by_the_server(self):
        self.refused("ada", r"urn:nobody", words.FAILED, idp={"url": self.idp.other_url})

    def test_somebody_without_roles_is_told_so(self):
        self.refused("nobody", words.SAYS_NO_ROLES)

    def test_a_password_is_typed_at_the_terminal(self):
        person = self.person("ada")
        terminal = self.after_password(person)
        self.ends_with(terminal.ends(), words.DONE)
        self.has_keys(person)
