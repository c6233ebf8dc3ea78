"""Keys that stand in no file: all clients ask `mai` for them, by the line that `mai configure-process` writes."""

import re
from concurrent.futures import ThreadPoolExecutor

from harness import clients, keycloak, words
from harness.world import AtServer

ROLE = keycloak.role(keycloak.DEVELOPER)
ARN = f"arn:aws:sts::123456789012:assumed-role/{keycloak.DEVELOPER}/ada"


class CredentialProcess(AtServer):
    server = "keycloak"
    profiles = {"prod": {"role": ROLE, "keys": "process"}}

    def configured(self, password):
        person = self.person("ada", idp={"password": password})
        person.profiles.write_text("secrets: file\n" + person.profiles.read_text())
        self.ends_with(person.mai("configure-process", "prod"), words.DONE)
        return person

    def unattended(self):
        return self.configured({"command": ["echo", keycloak.password("ada")], "unattended": True})

    def ask(self, person, names=clients.NAMES):
        """The clients start `mai` in the environment of the person, without a terminal."""
        mine = {name: value for name, value in person.env.items() if name.startswith("XDG_")}
        more = mine | {"AWS_CONFIG_FILE": str(person.home / "home/.aws/config")}
        return self.world.clients.who_am_i(person, "prod", more=more, names=names)

    def test_all_clients_at_once_are_one_sign_in_and_their_keys_work(self):
        person = self.unattended()
        idp = self.at_idp()
        for client, (told, complaint) in self.ask(person).items():
            self.assertEqual(ARN, told, f"{client}: {complaint}")
        self.count(1, self.passwords_sent(idp))
        self.nothing_written(person)
        # They are good now: nobody signs in, whoever asks.
        for client, (told, complaint) in self.ask(person).items():
            self.assertEqual(ARN, told, f"{client}: {complaint}")
        self.count(1, self.passwords_sent(idp))

    def test_no_client_is_let_in_with_a_damaged_secret(self):
        person = self.unattended()
        config = person.home / "home/.aws/config"
        told = self.ask(person)
        self.assertEqual([ARN] * len(clients.NAMES), [arn for arn, _ in told.values()], told)
        line = re.search("(?m)^credential_process = (.*)$", config.read_text())
        damaging = person.home / "damaging"
        damaging.write_text(f"#!/bin/sh\n{line[1]} | sed 's/\"SecretAccessKey\": *\"/&x/'\n")
        damaging.chmod(0o700)
        config.write_text(config.read_text().replace(line[1], str(damaging)))
        for client, (told, complaint) in self.ask(person).items():
            self.assertIsNone(told, client)
            self.assertRegex(complaint, "(?i)signature|could not load credentials", client)

    def test_ten_at_once_are_one_sign_in(self):
        person = self.unattended()
        idp = self.at_idp()
        with ThreadPoolExecutor(10) as pool:
            asked = list(pool.map(lambda _: self.ask(person, ["boto3"]), range(10)))
        for each in asked:
            told, complaint = each["boto3"]
            self.assertEqual(ARN, told, complaint)
        self.count(1, self.passwords_sent(idp))

    def test_botocore_shows_the_one_line_that_says_what_to_run(self):
        person = self.configured("ask")
        idp = self.at_idp()
        told = self.ask(person)
        for client in ("boto3", "aws-cli"):
            arn, complaint = told[client]
            self.assertIsNone(arn, client)
            self.assertIn("a person is needed for the keys of prod: run `mai login prod` in a terminal", complaint, client)
        self.assertIsNone(told["aws-sdk-js"][0])
        self.count(0, self.passwords_sent(idp))

    def test_a_config_file_that_botocore_refuses_is_not_made_longer(self):
        person = self.unattended()
        config = person.home / "home/.aws/config"
        broken = config.read_text() + "[profile a]\nregion = x\n[profile a]\nregion = y\n"
        config.write_text(broken)
        arn, complaint = self.ask(person, ["boto3"])["boto3"]
        self.assertIsNone(arn)
        self.assertIn("Unable to parse config file", complaint)
        said = self.ends_with(person.mai("configure-process", "prod"), words.MISTAKEN)
        self.says(said, r"config:5: section \[profile a\] is here and in line 3")
        self.assertEqual(broken, config.read_text())

    def test_the_line_of_another_tool_stays_until_it_is_given_up(self):
        person = self.unattended()
        config = person.home / "home/.aws/config"
        foreign = "[profile prod]\ncredential_process = /bin/false\n"
        config.write_text(foreign)
        said = self.ends_with(person.mai("configure-process", "prod"), words.MISTAKEN)
        self.says(said, "`/bin/false`, which is not ours")
        self.assertEqual(foreign, config.read_text())
        self.ends_with(person.mai("configure-process", "prod", "--overwrite"), words.DONE)
        told, complaint = self.ask(person, ["boto3"])["boto3"]
        self.assertEqual(ARN, told, complaint)
