"""`mai serve`, and the clients that ask its endpoint."""

import json
import pathlib
import subprocess
import time

from harness import words
from harness.simplesamlphp import role
from harness.web import HERE
from harness.world import AtServer

ROLE = role("Developer")


class Serve(AtServer):
    server = "simplesamlphp"
    profiles = {"prod": {"role": ROLE}}

    def served(self):
        """Somebody who has signed in, and the variables of the endpoint that serves their keys."""
        person = self.person("one")
        self.ends_with(person.login("prod"), words.DONE)
        server = person.start("serve", "prod", "-o", "json")
        self.addCleanup(server.communicate)
        self.addCleanup(server.terminate)
        # stdout ends, and the server goes on.
        document = json.loads(server.stdout.read())
        return person, document["profiles"][0]["environment"]

    def let_in(self, person, variables):
        arn = f"arn:aws:sts::{ROLE.split(':')[4]}:assumed-role/Developer/{person.username}"
        for client, (told, complaint) in self.world.clients.who_am_i(person, None, instead=variables).items():
            self.assertEqual(arn, told, f"{client}: {told} {complaint}")

    def mongo(self, person, variables):
        """Who MongoDB's driver is to a server, or a complaint."""
        env = {"HOME": str(person.home / "no-home"), "AWS_EC2_METADATA_DISABLED": "true"} | variables
        argv = [self.world.clients.argv["boto3"][0], HERE / "clients/mongo_identity.py", self.world.sts.url]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60)
        return done.stdout.strip() or done.stderr

    def test_clients_are_who_the_endpoint_says(self):
        person, variables = self.served()
        self.let_in(person, variables)

    def test_clients_with_a_damaged_token_get_nothing(self):
        person, variables = self.served()
        damaged = person.home / "damaged-token"
        damaged.write_text(pathlib.Path(variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read_text()[:-2] + "xx")
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(damaged)
        answers = self.world.clients.who_am_i(person, None, instead=variables)
        for client, (told, _) in answers.items():
            self.assertIsNone(told, f"{client} was let in with a damaged token")
        self.assertIn("Authorization must be the token", answers["boto3"][1])

    def test_the_older_provider_of_javascript_is_who_the_endpoint_says(self):
        person, variables = self.served()
        env = person.env | variables | {"INTEROP_NODE_MODULES": str(self.world.clients.node_modules), "AWS_REGION": "eu-central-1"}
        token = pathlib.Path(env.pop("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")).read_text()
        argv = ["node", HERE / "clients/from-container.mjs"]

        def who(token):
            # It reads no file.
            more = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": token}
            return subprocess.run(argv, env=env | more, capture_output=True, text=True, timeout=60)

        self.assertIn(f":assumed-role/Developer/{person.username}\n", who(token).stdout)
        refused = who(token[:-2] + "xx")
        self.assertEqual("", refused.stdout)
        self.assertIn("statusCode: 403", refused.stderr)

    def test_another_user_of_the_computer_gets_nothing(self):
        person, variables = self.served()
        as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]

        def asks(*argv):
            return subprocess.run([*as_nobody, *argv], capture_output=True, text=True, timeout=60)

        token = asks("cat", variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
        self.assertEqual("", token.stdout)
        self.assertIn("Permission denied", token.stderr)
        ask = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])"
        answer = asks("/usr/bin/python3", "-c", ask, variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
        self.assertIn("HTTP Error 403", answer.stderr)
        self.let_in(person, variables)

    def test_who_has_no_keys_any_more_is_told_what_to_run(self):
        person, variables = self.served()
        self.ends_with(person.mai("logout", "prod"), words.DONE)
        time.sleep(1)  # it looks at the file twice a second
        answers = self.world.clients.who_am_i(person, None, instead=variables)
        for client, (told, _) in answers.items():
            self.assertIsNone(told, f"{client} was let in without keys")
        for client in ("boto3", "aws-cli"):
            self.assertIn("run `mai login prod`", answers[client][1])
        self.ends_with(person.login("prod"), words.DONE)
        self.let_in(person, variables)

    def test_the_mongodb_driver_is_who_the_endpoint_and_variables_say(self):
        person, variables = self.served()
        arn = f"arn:aws:sts::{ROLE.split(':')[4]}:assumed-role/Developer/{person.username}"
        self.assertEqual(arn, self.mongo(person, variables))
        in_variables = {name.upper(): value for name, value in person.keys("prod").items() if name.startswith("aws_")}
        self.assertEqual(arn, self.mongo(person, in_variables))

    def test_the_mongodb_driver_is_nobody_with_a_damaged_secret_or_token(self):
        person, variables = self.served()
        in_variables = {name.upper(): value for name, value in person.keys("prod").items() if name.startswith("aws_")}
        in_variables["AWS_SECRET_ACCESS_KEY"] += "x"
        self.assertIn("SignatureDoesNotMatch", self.mongo(person, in_variables))
        damaged = person.home / "damaged-token"
        damaged.write_text(pathlib.Path(variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read_text()[:-2] + "xx")
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(damaged)
        self.assertIn("could not be obtained", self.mongo(person, variables))

    def test_a_command_beside_its_endpoint_is_who_it_should_be(self):
        person = self.person("one")
        self.ends_with(person.login("prod"), words.DONE)
        python, script = self.world.clients.argv["boto3"]
        argv = ("serve", "prod", "--", str(python), str(script))
        region = {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}
        said = self.ends_with(person.mai(*argv, env=region), words.DONE)
        self.assertIn("assumed-role/Developer/one", said.out)
