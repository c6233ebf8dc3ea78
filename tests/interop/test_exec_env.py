"""`mai exec` and `mai env`: clients, shells and readers of files that others wrote take what is handed to them."""

import json
import random
import subprocess

import dotenv
import yaml

from harness import simplesamlphp, words
from harness.world import AtServer

ROLES = {"first": simplesamlphp.role("Developer"), "second": simplesamlphp.role("Admin", "210987654321")}
REGION = "eu-central-1"

# Reads keys of two accounts from one environment.
BOTH = """
import boto3, os
for prefix in ("ONE_", "TWO_"):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    keys = dict(zip(("aws_access_key_id", "aws_secret_access_key", "aws_session_token"), (os.environ[prefix + name] for name in names)))
    print(boto3.Session(region_name=os.environ[prefix + "AWS_REGION"], **keys).client("sts").get_caller_identity()["Arn"])
"""

# Debian's AWS CLI 2.9 reads the token of an endpoint from this variable only, not from the file.
TOKEN_OF_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN=$(cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") exec "$@"'

# What a shell does with what `mai env` prints; `"$@"` is the command.
SHELLS = {
    "bash": ["bash", "--norc", "-c", 'eval "$("$@")"; exec env -0', "bash"],
    "dash": ["dash", "-c", 'eval "$("$@")"; exec env -0', "dash"],
    "zsh": ["zsh", "-f", "-c", 'eval "$("$@")"; exec env -0', "zsh"],
    "zsh with odd options": ["zsh", "-f", "-o", "rcquotes", "-o", "extendedglob", "-c", 'eval "$("$@")"; exec env -0', "zsh"],
    "fish": ["fish", "--no-config", "-c", "command $argv | source; exec env -0"],
}


def hostile(seed):
    """Values that would do something wherever a quote is missing."""
    dice = random.Random(seed)
    letters = "'\"`$\\\n\t !#;&|()~*?<>[]^%=@-aZ0é\u2019\u2028\U0001f600"
    values = ["", "'", "''", "\\", "\\'", "$(touch x)", "`touch x`", "'; touch x; '", "a\nb", " a ", "!!", "%0", "\n", "#"]
    return values + ["".join(dice.choices(letters, k=dice.randint(1, 14))) for _ in range(120)]


def as_names(values):
    """Names of one's own with these values."""
    doubled = (value.replace("{", "{{").replace("}", "}}") for value in values)
    return ",".join(f"V{number}={value}" for number, value in enumerate(doubled))


def variables(text):
    return dict(each.split("=", 1) for each in text.split("\0") if "=" in each)


class ExecAndEnv(AtServer):
    server = "simplesamlphp"
    profiles = {name: {"role": arn, "region": REGION} for name, arn in ROLES.items()}

    def signed_in(self, *names):
        person = self.person("three")
        self.ends_with(person.login(*(names or ROLES)), words.DONE)
        person.env |= {
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_CONFIG_FILE": str(person.home / "no-config"),
            "INTEROP_NODE_MODULES": str(self.world.clients.node_modules),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return person

    def clients(self):
        """Those of the other tests, and Debian's AWS CLI 2."""
        usual = {name: [str(each) for each in argv] for name, argv in self.world.clients.argv.items()}
        second = ["/usr/bin/aws", *usual["aws-cli"][1:], "--endpoint-url", self.world.sts.url]
        version = subprocess.run([second[0], "--version"], capture_output=True, text=True, env={"HOME": "/nonexistent"})
        self.assertRegex(version.stdout, r"^aws-cli/2\.", version.stderr)
        return usual | {"aws-cli 2": second}

    def is_the_role(self, said, name):
        account, role = ROLES[name].split(":")[4], ROLES[name].rsplit("/", 1)[1]
        self.ends_with(said, words.DONE)
        self.assertEqual(f"arn:aws:sts::{account}:assumed-role/{role}/three\n", said.out, str(said))

    def run_with_secrets(self, person, argv, **env):
        """A run whose output holds keys, which `Person` would never let pass."""
        done = subprocess.run(
            [str(each) for each in argv], env=person.env | env, cwd=person.home, capture_output=True, timeout=60,
            stdin=subprocess.DEVNULL,
        )
        self.assertEqual((0, ""), (done.returncode, done.stderr.decode()), argv[:5])
        return done.stdout.decode()

    def env(self, person, *arguments, **env):
        return self.run_with_secrets(person, [self.world.mai, "env", *arguments], **env)

    def test_every_client_is_the_role_of_its_profile(self):
        person = self.signed_in()
        stale = {"AWS_PROFILE": "stale", "AWS_DEFAULT_PROFILE": "stale", "AWS_SECURITY_TOKEN": "stale", "AWS_REGION": "us-west-2"}
        stale |= {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/", "AWS_ACCESS_KEY_ID": "ASIASTALE"}
        stale |= {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "arn:aws:iam::1:role/stale"}
        for name in ROLES:
            for way in ("env", "profile", "endpoint"):
                for client, argv in self.clients().items():
                    if (way, client) == ("endpoint", "aws-cli 2"):
                        argv = ["sh", "-c", TOKEN_OF_FILE, "sh", *argv]
                    with self.subTest(f"{name} via {way}, {client}"):
                        self.is_the_role(person.mai("exec", name, "--via", way, "--", *argv, env=stale), name)

    def test_no_client_is_let_in_with_a_damaged_secret(self):
        person = self.signed_in("first")
        secret = person.keys("first")["aws_secret_access_key"]
        text = person.credentials.read_text()
        person.credentials.write_text(text.replace(secret, secret[:-1] + ("a" if secret[-1] != "a" else "b")))
        for client, argv in self.clients().items():
            said = person.mai("exec", "first", "--", *argv)
            self.assertNotEqual(0, said.code, client)
            self.assertEqual("", said.out, client)
            self.says(said, "(?i)signature|forbidden|denied|403")

    def test_two_accounts_fit_into_one_environment(self):
        person = self.signed_in()
        python = self.world.clients.argv["boto3"][0]
        said = person.mai("exec", "first=ONE_", "second=TWO_", "--", str(python), "-c", BOTH)
        self.ends_with(said, words.DONE)
        told = [line.split(":")[4] for line in said.out.split()]
        self.assertEqual([arn.split(":")[4] for arn in ROLES.values()], told, str(said))

    def test_a_client_in_a_shell_that_took_them_is_the_role(self):
        person = self.signed_in("first")
        for client in ("boto3", "aws-sdk-rust"):
            command = " ".join(str(each) for each in self.world.clients.argv[client])
            for shell, argv in SHELLS.items():
                argv = [each.replace("exec env -0", f"exec {command}") for each in argv]
                argv += [self.world.mai, "env", "first"]
                out = self.run_with_secrets(person, argv, AWS_PROFILE="stale", SHELL="/bin/tcsh")
                self.assertRegex(out, ":assumed-role/Developer/three\n$", f"{client} in {shell}")

    def test_no_value_acts_in_any_shell(self):
        person = self.signed_in("first")
        values = hostile(1)
        expected = {f"V{number}": value for number, value in enumerate(values)}
        for shell, argv in SHELLS.items():
            out = self.run_with_secrets(person, [*argv, self.world.mai, "env", "first", "--names", as_names(values)])
            seen = variables(out)
            self.assertEqual(expected, {name: value for name, value in seen.items() if name[0] == "V"}, shell)
        self.assertFalse((person.home / "x").exists())

    def test_unsetting_leaves_nothing(self):
        person = self.signed_in("first")
        for shell, argv in SHELLS.items():
            twice = [each.replace("; exec", '; set -- "$@" --unset; eval "$("$@")"; exec') for each in argv]
            if shell == "fish":
                twice = [each.replace("; exec", "; command $argv --unset | source; exec") for each in argv]
            seen = variables(self.run_with_secrets(person, [*twice, self.world.mai, "env", "first"]))
            left = {name for name in seen if name.startswith(("AWS_", "MAI_"))}
            self.assertEqual({name for name in person.env if name.startswith("AWS_")}, left, shell)

    def test_nushell_loads_the_record_and_hides_what_is_null(self):
        person = self.signed_in("first")
        values = hostile(2)
        nu = self.world.clients.node_modules / ".bin/nu"
        for number, arguments in enumerate((["--names", as_names(values)], [])):
            record = person.home / f"record{number}"
            record.write_text(self.env(person, "first", "--format", "nushell", *arguments))
            code = f"open --raw '{record}' | from json | load-env; ^env -0"
            seen = variables(self.run_with_secrets(person, [nu, "-n", "-c", code], AWS_PROFILE="stale", AWS_VAULT="stale"))
            self.assertNotIn("AWS_PROFILE", seen)
            self.assertNotIn("AWS_VAULT", seen)
            if arguments:
                self.assertEqual(values, [seen[f"V{number}"] for number in range(len(values))])
            else:
                self.assertEqual(person.keys("first")["aws_session_token"], seen["AWS_SESSION_TOKEN"])

    def test_python_dotenv_reads_the_keys(self):
        person = self.signed_in("first")
        file = person.home / ".env"
        file.write_text(self.env(person, "first", "--format", "dotenv"))
        read, keys = dotenv.dotenv_values(file), person.keys("first")
        self.assertEqual(keys["aws_secret_access_key"], read["AWS_SECRET_ACCESS_KEY"])
        self.assertEqual(keys["aws_session_token"], read["AWS_SESSION_TOKEN"])
        self.assertEqual(keys["x_security_token_expires"], read["AWS_CREDENTIAL_EXPIRATION"])
        self.assertEqual(REGION, read["AWS_DEFAULT_REGION"])

    def test_what_python_dotenv_would_read_differently_is_not_written(self):
        person = self.signed_in("first")
        file, written = person.home / ".env", 0
        for value in hostile(3) + ["a/b+c==", "1:2@3,4".replace(",", "."), "x-y_z"]:
            said = person.mai("env", "first", "--format", "dotenv", "--names", as_names([value]))
            if said.code == 0:
                file.write_text(said.out)
                self.assertEqual({"V0": value}, dict(dotenv.dotenv_values(file)))
                written += 1
            else:
                self.ends_with(said, words.MISTAKEN)
        self.assertGreater(written, 2)

    def test_a_secret_for_kubernetes_is_yaml_whatever_is_in_it(self):
        person = self.signed_in()
        values = hostile(4) + ["\x07\x7f\x85\ufffe", "yes", "null", "{a: b}", "- x"]
        values = [value.replace(",", "") for value in values]
        manifest = yaml.safe_load(self.env(person, "first", "--format", "k8s", "--names", as_names(values)))
        self.assertEqual(values, [manifest["stringData"][f"V{number}"] for number in range(len(values))])
        names = ["NO", "on", "null", "y", "_1"]
        wanted = ",".join(f"{name}={{role}}" for name in names)
        manifest = yaml.safe_load(self.env(person, "first", "--format", "k8s", "--names", wanted))
        self.assertEqual({name: "Developer" for name in names}, manifest["stringData"])
        manifest = yaml.safe_load(self.env(person, "first", "--format", "k8s"))
        self.assertEqual(("v1", "Secret", "mai-first"), (manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]))
        self.assertEqual(person.keys("first")["aws_session_token"], manifest["stringData"]["AWS_SESSION_TOKEN"])
        self.assertNotIn(None, manifest["stringData"].values())

    def test_a_file_for_kubernetes_is_one_that_clients_read(self):
        person = self.signed_in()
        for names in (["first"], ["second", "first"]):
            manifest = yaml.safe_load(self.env(person, *names, "--format", "k8s", "--as-file"))
            file = person.home / "mounted"
            file.write_text(manifest["stringData"]["credentials"])
            section = "default" if len(names) == 1 else "first"
            told = self.world.clients.who_am_i(person, section, credentials=file)
            for client, (arn, complaint) in told.items():
                self.assertRegex(arn or "", ":assumed-role/Developer/three$", f"{client}: {complaint}")

    def test_the_document_is_json_with_everything_a_program_needs(self):
        person = self.signed_in("first")
        document = json.loads(self.env(person, "first", "--format", "json"))
        keys = person.keys("first")
        for ours, theirs in (
            ("access_key_id", "aws_access_key_id"),
            ("secret_access_key", "aws_secret_access_key"),
            ("session_token", "aws_session_token"),
            ("expires_at", "x_security_token_expires"),
        ):
            self.assertEqual(keys[theirs], document[ours])
        self.assertEqual((ROLES["first"], REGION), (document["role_arn"], document["region"]))

    def test_a_command_takes_the_place_of_mai(self):
        person = self.signed_in("first")
        child = person.start("exec", "first", "--", "sleep", "60")
        try:
            shown = ""
            for _ in range(100):
                shown = subprocess.run(["ps", "-o", "args=", "-p", str(child.pid)], capture_output=True, text=True).stdout
                if "mai" not in shown:
                    break
            self.assertEqual("sleep 60\n", shown)
            children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(child.pid)], capture_output=True, text=True).stdout
            self.assertEqual("", children)
        finally:
            child.kill()
            child.communicate()
