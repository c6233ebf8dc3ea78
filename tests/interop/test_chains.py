"""Roles behind roles: Keycloak signs in, the STS checks each signature, and all clients use what comes out."""

from harness import keycloak, words
from harness.world import AtServer

AUDIT = "arn:aws:iam::210987654321:role/Audit"
DEEP = "arn:aws:iam::345678901234:role/team/Deep"


class Chains(AtServer):
    server = "keycloak"
    profiles = {
        "prod": {"role": keycloak.role(keycloak.DEVELOPER)},
        "audit": {"identity_provider": None, "source_profile": "prod", "role": AUDIT, "tags": {"team": "blue"}},
        "deep": {"identity_provider": None, "source_profile": "audit", "role": DEEP},
    }

    def test_a_chain_costs_one_sign_in_and_its_keys_work(self):
        person = self.person("ada")
        idp, sts = self.at_idp(), self.at_sts()
        self.ends_with(person.login("deep"), words.DONE)
        self.count(1, self.passwords_sent(idp))
        self.redeemed(3, sts)
        for section, role in (("prod", keycloak.role(keycloak.DEVELOPER)), ("audit", AUDIT), ("deep", DEEP)):
            self.keys_work(person, section, role)
        self.damaged_keys_fail(person, "deep")

    def test_nobody_is_needed_while_the_keys_of_the_parent_are_good(self):
        person = self.person("ada")
        self.ends_with(person.login("prod"), words.DONE)
        idp, sts = self.at_idp(), self.at_sts()
        self.ends_with(person.mai("require", "deep", "--no-input"), words.DONE)
        self.count(0, idp.requests())
        self.redeemed(2, sts)
        self.keys_work(person, "deep", DEEP)
