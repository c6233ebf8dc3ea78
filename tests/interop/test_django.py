"""`mai` and a login server of Django."""

from harness import words
from harness.django_idp import DEVELOPER, DISABLED, OUTSIDER, role
from harness.world import Case

PROD = {"prod": {"role": role(DEVELOPER)}}


class Django(Case):
    def person(self, username, **more):
        return self.world.person(username, self.world.django, PROD, **more)

    def refused(self, username, pattern, code=words.REFUSED, password=None, idp=None):
        """A login that ends after one password, with these words."""
        person = self.person(username, idp=idp)
        idp, sts = self.world.web.counter("django"), self.world.web.counter("sts")
        said = self.ends_with(person.login("prod", password=password), code)
        self.says(said, pattern)
        self.count(1, idp.posts(self.world.django.login_path))
        self.redeemed(0, sts)
        self.nothing_written(person)

    def test_a_first_login_takes_four_requests_and_one_at_the_sts(self):
        person = self.person("ada")
        idp, sts = self.world.web.counter("django"), self.world.web.counter("sts")
        self.ends_with(person.login("prod"), words.DONE)
        self.count(4, idp.requests())
        self.count(1, idp.posts(self.world.django.login_path))
        self.redeemed(1, sts)
        self.keys_work(person, "prod", role(DEVELOPER))

    def test_a_wrong_password_is_sent_once_and_named(self):
        self.refused("grace", words.SAYS_WRONG_PASSWORD, password="not the one")

    def test_a_disabled_account_looks_like_a_wrong_password(self):
        self.refused(DISABLED, words.SAYS_WRONG_PASSWORD)

    def test_somebody_who_may_not_use_the_service_is_told_so(self):
        self.refused(OUTSIDER, words.SAYS_NO_ACCESS)

    def test_a_service_that_is_not_known_is_named_by_the_server(self):
        self.refused("ada", r"urn:nobody", words.FAILED, idp={"url": self.world.django.other_url})

    def test_somebody_without_roles_is_told_so(self):
        self.refused("nobody", words.SAYS_NO_ROLES)

    def test_a_password_is_typed_at_the_terminal(self):
        person = self.person("ada")
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        self.ends_with(terminal.ends(), words.DONE)
        self.assertIsNotNone(person.keys("prod"))
