"""`mai whoami` beside all clients: the same keys, the same answer, and what is wrong with others in words."""

import re

from harness import keycloak, words
from harness.world import AtServer

ROLE = keycloak.role(keycloak.DEVELOPER)
AUDIT = "arn:aws:iam::210987654321:role/team/Audit"


class Whoami(AtServer):
    server = "keycloak"
    profiles = {
        "prod": {"role": ROLE},
        "audit": {"identity_provider": None, "source_profile": "prod", "role": AUDIT},
    }

    def identities(self, person):
        said = self.ends_with(person.mai("whoami", "prod", "audit", "-o", "json"), words.DONE)
        return {each["profile"]: each for each in said.json()}

    def test_whoami_says_what_the_clients_are_told(self):
        person = self.person("ada")
        self.ends_with(person.login("audit"), words.DONE)
        sts = self.at_sts()
        told = self.identities(person)
        self.redeemed(2, sts)
        for section, role in (("prod", ROLE), ("audit", AUDIT)):
            for client, (arn, complaint) in self.world.clients.who_am_i(person, section).items():
                self.assertEqual(told[section]["arn"], arn, f"{client}: {complaint}")
            self.assertEqual(role.split("role/")[1], told[section]["role"])

    def test_whoami_tells_damaged_and_expired_keys_apart(self):
        person = self.person("ada")
        self.ends_with(person.login("prod"), words.DONE)
        good = person.credentials.read_text()
        secret = person.keys("prod")["aws_secret_access_key"]
        person.credentials.write_text(good.replace(secret, secret[:-1] + ("a" if secret[-1] != "a" else "b")))
        said = self.ends_with(person.mai("whoami", "prod"), words.REFUSED)
        self.says(said, "does not belong to its key id")
        # As another program leaves them: no record of ours, and an expiry that went by.
        sessions = person.home / "state/mai/sessions"
        sessions.unlink()
        person.credentials.write_text(re.sub("(x_security_token_expires *= *)20..", r"\g<1>2019", good))
        said = self.ends_with(person.mai("whoami", "prod"), words.NEEDS_A_PERSON)
        self.says(said, "have expired")
        person.credentials.write_text(good)
        said = self.ends_with(person.mai("whoami", "prod"), words.DONE)
        self.assertIn("prod: ok", said.out)
