"""A person with a home of their own, who runs `mai`."""

import configparser
import json
import os
import re
import subprocess

import pexpect

from . import words


def yaml(value, depth=0):
    """A block of YAML as a person would write it."""
    lines = []
    for key, each in value.items():
        name = "  " * depth + (key if re.fullmatch(r"[a-z_]+", key) else json.dumps(key))
        if isinstance(each, dict) and each:
            lines += [f"{name}:", yaml(each, depth + 1)]
        else:
            lines.append(f"{name}: {json.dumps(each, ensure_ascii=False)}")
    return "\n".join(lines)


class Person:
    """Their home, their `profiles.yaml`, and what `mai` says to them."""

    def __init__(self, world, home, username, server, sts, profiles, password=None, idp=None, bus=None):
        self.world, self.username, self.server, self.sts, self.home = world, username, server, sts, home
        self.password = server.password(username) if password is None else password
        self.secrets = [self.password]
        for name in ("home", "config/mai", "state", "cache", "data", "runtime"):
            (home / name).mkdir(parents=True, mode=0o700)
        self.credentials = home / "home/.aws/credentials"
        self._wanted = profiles
        self.profiles = home / "config/mai/profiles.yaml"
        self.configure(idp or {})
        self.env = {
            "HOME": str(home / "home"),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_RUNTIME_DIR": str(home / "runtime"),
            "AWS_ENDPOINT_URL_STS": sts.url,
        }
        if bus:
            self.env["DBUS_SESSION_BUS_ADDRESS"] = bus

    def configure(self, idp):
        """Writes `profiles.yaml` with these settings of the identity provider; None leaves a usual one out."""
        settings = {"url": self.server.url, "username": self.username, "password": "ask", "keep_session": False}
        settings |= {"ca_bundle": str(self.world.authority.certificate)} | idp
        document = {
            "identity_providers": {"corp": {key: value for key, value in settings.items() if value is not None}},
            "profiles": {name: self._profile(about) for name, about in self._wanted.items()},
        }
        self.profiles.write_text(yaml(document) + "\n")

    @staticmethod
    def _profile(about):
        """None leaves a usual setting out."""
        settings = {"identity_provider": "corp"} | about
        return {key: value for key, value in settings.items() if value is not None}

    def mai(self, *arguments, stdin=None, env=None, within=()):
        """Runs `mai` with no terminal anywhere, perhaps within another command."""
        return self._finish(self.start(*arguments, stdin=stdin, env=env, within=within))

    def start(self, *arguments, stdin=None, env=None, within=()):
        child = subprocess.Popen(
            [*within, str(self.world.mai), *arguments],
            env=self.env | (env or {}),
            cwd=self.home,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        if stdin is not None:
            child.stdin.write(stdin.encode())
            child.stdin.close()
            child.stdin = None
        return child

    def _finish(self, child):
        try:
            out, err = child.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            raise AssertionError(f"mai was still running after 60 s:\n{out.decode()}{err.decode()}") from None
        said = Said(child.returncode, out.decode(), err.decode(), child.args[1:])
        self._keeps_quiet(said)
        return said

    def login(self, *names, password=None, env=None, within=()):
        """`mai login`, with the password on its standard input."""
        password = self.password if password is None else password
        return self.mai("login", *names, "--password-stdin", stdin=password + "\n", env=env, within=within)

    def logins_at_once(self, count, *names):
        """Several `mai login` at the same moment."""
        arguments = ("login", *names, "--password-stdin")
        children = [self.start(*arguments, stdin=self.password + "\n") for _ in range(count)]
        return [self._finish(child) for child in children]

    def at_terminal(self, *arguments):
        """Runs `mai` in a pseudo-terminal."""
        return Terminal(self, arguments)

    def keys(self, section):
        """What the shared file has for this profile, as Python's own parser reads it."""
        parser = configparser.RawConfigParser(default_section="not a section")
        parser.read(self.credentials, encoding="latin-1")
        return dict(parser[section]) if parser.has_section(section) else None

    def _keeps_quiet(self, said):
        for secret in self.secrets + self._secret_keys():
            if secret in said.out or secret in said.err:
                raise AssertionError(f"a secret was shown by mai {' '.join(said.arguments)}:\n{said}")

    def _secret_keys(self):
        if not self.credentials.exists():
            return []
        found = re.findall(r"^aws_(?:secret_access_key|session_token) *= *(\S+)", self.credentials.read_text(errors="surrogateescape"), re.M)
        return [each for each in found if len(each) > 8]


class Said:
    """How `mai` ended and what it said."""

    def __init__(self, code, out, err, arguments):
        self.code, self.out, self.err, self.arguments = code, out, err, arguments

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"mai {' '.join(self.arguments)}: exit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}---"


class Terminal:
    """One run of `mai` that a person watches and answers."""

    def __init__(self, person, arguments):
        self.person, self.arguments, self.seen = person, arguments, []
        self.child = pexpect.spawn(
            str(person.world.mai),
            list(arguments),
            env=person.env,
            cwd=str(person.home),
            timeout=30,
            encoding="utf-8",
            codec_errors="replace",
            dimensions=(40, 120),
        )
        self.child.logfile_read = self

    def write(self, text):
        self.seen.append(text)

    def flush(self):
        pass

    @property
    def transcript(self):
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", "".join(self.seen))

    def expect(self, pattern):
        """Waits for a question, or fails with all that was seen."""
        try:
            self.child.expect(pattern)
        except (pexpect.TIMEOUT, pexpect.EOF) as failure:
            kind = type(failure).__name__
            self.child.close(force=True)
            raise AssertionError(f"{kind}: no `{pattern}` in\n{self.transcript}\n(exit {self.child.exitstatus})") from None

    def types_secretly(self, text):
        """Types once the terminal shows no more what is typed, and never wants to see it again."""
        self.person.secrets.append(text)
        if not self.child.waitnoecho(10):
            raise AssertionError(f"a secret would have been shown as it is typed:\n{self.transcript}")
        self.answers(text)

    def answers(self, text):
        self.child.send(text if text.endswith("\r") else text + words.ENTER)

    def chooses(self, label):
        """Narrows a list down by typing, and takes what is left."""
        self.child.send(label)
        self.child.expect(r"(?s).{0,4000}" + re.escape(label))
        self.child.send(words.ENTER)

    def ends(self):
        """Waits for the end; what was seen is on `out`."""
        try:
            self.child.expect(pexpect.EOF)
        except pexpect.TIMEOUT:
            self.child.close(force=True)
            raise AssertionError(f"mai was still running:\n{self.transcript}") from None
        self.child.close()
        said = Said(self.child.exitstatus, self.transcript, "", self.arguments)
        self.person._keeps_quiet(said)
        return said
