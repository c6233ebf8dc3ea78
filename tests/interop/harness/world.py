"""All servers and clients together, and the tests' base class."""

import pathlib
import shutil
import unittest

from . import clients, django_idp, keycloak, kwallet, lemonldap, nanoidp, processes, satosa, secret_service, simplesamlphp
from . import sts, web, words
from .browser import Browser
from .person import Person

world = None


class World:
    """What runs for the whole of one run. A server that did not start fails each test that asks for it."""

    def __init__(self, folder, cache, mai, testbed, who_am_i):
        self.mai, self.folder, self.node_modules = mai, folder, cache / "clients/node_modules"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.authority = web.Authority(folder / "authority")
        self.web = web.Web(folder / "web", self.authority)
        self.clients = clients.Clients(cache / "venv", self.node_modules, who_am_i)
        python = cache / "venv/bin/python"
        behind = simplesamlphp.SimpleSamlPhp(folder / "simplesamlphp", self.web)
        self._servers = {
            "keycloak": keycloak.Keycloak(cache / "keycloak", folder / "keycloak", self.web),
            "django": django_idp.DjangoIdp(python, folder / "django", self.web),
            "lemonldap": lemonldap.LemonLdap(folder / "lemonldap", self.web),
            "moto": sts.Moto(cache / "venv/bin/moto_server", folder / "moto", self.web),
            "nanoidp": nanoidp.NanoIdp(python, folder / "nanoidp", self.web),
            "satosa": satosa.Satosa(python, folder / "satosa", self.web, behind),
            "simplesamlphp": behind,
            "sts": sts.StrictSts(testbed, folder / "sts", self.web),
            "kwallet": kwallet.KWallet(cache / "venv", folder / "kwallet"),
            "keyring": secret_service.SecretService(folder / "secret-service"),
        }
        self._failed = {}
        self._homes = 0

    def start(self):
        servers = self._servers
        self._try("keycloak", servers["keycloak"].start)
        self._try("moto", servers["moto"].start)
        self._try("django", servers["django"].start)
        self._try("lemonldap", servers["lemonldap"].start)
        self._try("nanoidp", servers["nanoidp"].start)
        self._try("simplesamlphp", servers["simplesamlphp"].start)
        self.web.start(servers["simplesamlphp"].socket, servers["lemonldap"].socket)
        self._try("keyring", servers["keyring"].start)
        self._try("kwallet", servers["kwallet"].start)
        self._try("moto", servers["moto"].wait)
        self._try("django", servers["django"].wait)
        self._try("lemonldap", servers["lemonldap"].wait)
        self._try("nanoidp", servers["nanoidp"].wait)
        self._try("keycloak", servers["keycloak"].wait)
        accounts = {pair.split(":")[4] for _, roles in simplesamlphp.PEOPLE.values() for pair in roles or []}
        arns = {
            "simplesamlphp": [simplesamlphp.PROVIDER.replace("123456789012", each) for each in sorted(accounts)],
            "keycloak": [keycloak.PROVIDER],
            "lemonldap": [lemonldap.PROVIDER],
            "django": [django_idp.PROVIDER],
            "nanoidp": [nanoidp.PROVIDER],
            # Reads the metadata of SimpleSAMLphp as it starts.
            "satosa": [satosa.PROVIDER],
        }
        providers = {}
        for name in arns:
            if name == "satosa":
                self._try(name, servers[name].start)
            self._try(name, lambda: self._export_metadata(servers[name]))
            if name not in self._failed:
                providers |= {arn: servers[name].metadata for arn in arns[name]}
        self._try("sts", lambda: servers["sts"].start(providers, {keycloak.role(keycloak.BRIEF): 3600}))

    def _export_metadata(self, server):
        page = Browser(self.authority.certificate).open(server.metadata_url)
        if page.status != 200:
            raise processes.NotReady(f"{server.metadata_url}: {page.status}")
        server.metadata.write_text(page.text)

    def _try(self, name, work):
        if name in self._failed:
            return
        try:
            work()
        except (processes.NotReady, OSError) as reason:
            self._failed[name] = reason
            print(f"{name} did not start: {reason}", flush=True)

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._servers:
            raise AttributeError(name)
        if name in self._failed:
            raise AssertionError(f"{name} did not start: {self._failed[name]}")
        return self._servers[name]

    def person(self, username, server, profiles, sts=None, **more):
        """Somebody with a new home."""
        self._homes += 1
        home = self.folder / f"homes/{self._homes:02}-{username}"
        return Person(self, home, username, server, sts or self.sts, profiles, **more)


def build(folder, cache, mai, testbed, who_am_i, servers=True):
    global world
    world = World(*map(pathlib.Path, (folder, cache, mai, testbed, who_am_i)))
    if servers:
        world.start()
    return world


class Case(unittest.TestCase):
    """A test with the running world and the promises that every login keeps."""

    longMessage = False

    @property
    def world(self):
        return world

    def ends_with(self, said, code):
        """It ended with this exit code (or one of these)."""
        codes = code if isinstance(code, tuple) else (code,)
        self.assertIn(said.code, codes, f"expected exit {codes}\n{said}")
        return said

    def says(self, said, pattern):
        self.assertRegex(said.err or said.out, pattern, f"expected `{pattern}`\n{said}")

    def count(self, expected, requests):
        self.assertEqual(expected, len(requests), f"expected {expected} requests:\n  " + "\n  ".join(requests))

    def redeemed(self, expected, counter):
        """An STS was called so often. A connection may be opened early, with one request that asks for nothing."""
        requests = counter.requests()
        self.count(expected, [each for each in requests if not each.startswith("HEAD / ")])
        self.assertLessEqual(len(requests), expected + 1, "\n".join(requests))

    def keys_work(self, person, section, role_arn):
        """All clients are told that they are this role."""
        keys = person.keys(section)
        self.assertIsNotNone(keys, f"no [{section}] in {person.credentials}")
        account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[1]
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/{person.username}"
        for client, (told, complaint) in self.world.clients.who_am_i(person, section).items():
            self.assertEqual(arn, told, f"{client} with [{section}]: {told} {complaint}")

    def damaged_keys_fail(self, person, section):
        """With one letter of the secret changed, no client is let in."""
        text = person.credentials.read_text(errors="surrogateescape")
        secret = person.keys(section)["aws_secret_access_key"]
        damaged = person.home / "damaged"
        damaged.write_text(text.replace(secret, secret[:-1] + ("a" if secret[-1] != "a" else "b")), errors="surrogateescape")
        for client, (told, _) in self.world.clients.who_am_i(person, section, credentials=damaged).items():
            self.assertIsNone(told, f"{client} was let in with a damaged secret")

    def nothing_written(self, person):
        self.assertFalse(person.credentials.exists(), "a credentials file was written")

    def has_keys(self, person):
        self.assertIsNotNone(person.keys("prod"), f"no [prod] in {person.credentials}")


class AtServer(Case):
    """Sign-ins at one server, with the profile `prod` if a test has no others."""

    server = None
    profiles = None

    @property
    def idp(self):
        return getattr(self.world, self.server)

    def person(self, username, profiles=None, **more):
        return self.world.person(username, self.idp, profiles or self.profiles, **more)

    def at_idp(self):
        """What is asked of the server from now on."""
        return self.world.web.counter(self.server)

    def at_sts(self):
        return self.world.web.counter("sts")

    def passwords_sent(self, counter):
        return counter.posts(self.idp.login_path)

    def after_password(self, person):
        """At a terminal, up to the first question after the password."""
        terminal = person.at_terminal("login", "prod")
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        return terminal

    def refused(self, username, pattern, code=words.REFUSED, password=None, idp=None, requests=None):
        """A login that ends after one password, with these words."""
        person = self.person(username, idp=idp)
        counter, sts = self.at_idp(), self.at_sts()
        said = self.ends_with(person.login("prod", password=password), code)
        self.says(said, pattern)
        self.count(1, self.passwords_sent(counter))
        if requests is not None:
            self.count(requests, counter.requests())
        self.redeemed(0, sts)
        self.nothing_written(person)
