"""`mai` and a chain of two: SATOSA answers AWS, and SimpleSAMLphp behind it asks for the password."""

from harness import simplesamlphp, words
from harness.satosa import PROVIDER
from harness.simplesamlphp import BROKERED, role
from harness.world import AtServer

PROD = {"prod": {"role": role("Developer"), "provider_arn": PROVIDER}}


class Satosa(AtServer):
    server = "satosa"
    profiles = PROD

    def person(self, username, profiles=None, idp=None, **more):
        """Somebody who trusts the server behind the broker with the password."""
        trusted = {"trusted_hosts": [self.world.simplesamlphp.origin.removeprefix("https://")]}
        return super().person(username, profiles, idp=trusted | (idp or {}), **more)

    def at_idp(self):
        """The password goes to the server behind."""
        return self.world.web.counter("simplesamlphp")

    def test_a_login_through_a_broker_ends_with_its_keys(self):
        person = self.person(BROKERED)
        broker, idp, sts = self.world.web.counter("satosa"), self.at_idp(), self.at_sts()
        self.ends_with(person.login("prod"), words.DONE)
        # The bare address, the same with a request, the answer from behind
        self.count(3, broker.requests())
        self.count(3, idp.requests())
        self.count(1, self.passwords_sent(idp))
        self.redeemed(1, sts)
        self.keys_work(person, "prod", role("Developer"))

    def test_a_wrong_password_behind_a_broker_is_sent_once_and_named(self):
        self.refused(BROKERED, words.SAYS_WRONG_PASSWORD, password="not the one", requests=3)

    def test_a_host_behind_a_broker_gets_no_password_of_nobody(self):
        person = self.person(BROKERED, idp={"trusted_hosts": []})
        idp = self.at_idp()
        said = self.ends_with(person.login("prod"), words.NEEDS_A_PERSON)
        self.says(said, self.world.simplesamlphp.origin.removeprefix("https://"))
        self.count(0, idp.posts())

    def test_a_host_behind_a_broker_is_agreed_to_once(self):
        person = self.person(BROKERED, idp={"trusted_hosts": []})
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_HOST)
        terminal.answers(words.YES)
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        self.ends_with(terminal.ends(), words.DONE)
        self.has_keys(person)
        self.ends_with(person.login("prod", "--force"), words.DONE)

    def test_somebody_whom_only_the_server_behind_knows_is_told_that_there_are_no_roles(self):
        self.refused("nobody", words.SAYS_NO_ROLES)
