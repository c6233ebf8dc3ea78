"""What Python's keyring has kept for the Python Mai: in a file with a master password, and in KWallet."""

import os
import subprocess
import sys

from harness import words
from harness.keycloak import DEVELOPER, role
from harness.world import Case

MASTER = "the master's pässword"
# Python's keyring asks for the master password with getpass, which wants a terminal.
KEEPS = """
import getpass, sys
getpass.getpass = lambda *_: sys.argv[2]
from keyrings.alt.file import EncryptedKeyring
EncryptedKeyring().set_password("mai", sys.argv[1], sys.stdin.read())
"""


class PythonKeyring(Case):
    def person(self, username, bus):
        """Somebody whose only configuration is that of the Python Mai."""
        person = self.world.person(username, self.world.keycloak, {}, bus=bus)
        person.profiles.with_name("mai.yaml").write_text(
            "prod:\n"
            f"  saml_identity_provider_url: {self.world.keycloak.url}\n"
            f"  saml_role: ['arn:aws:iam::123456789012:saml-provider/keycloak', '{role(DEVELOPER)}', null]\n"
            f"  saml_user: {username}\n"
        )
        person.profiles.unlink()
        person.env["SSL_CERT_FILE"] = str(self.world.authority.certificate)
        return person

    def entry(self, person):
        return f"{person.username}@{self.world.keycloak.url}"

    def kept_in_a_file(self, person, master=MASTER):
        env = person.env | {"PYTHONWARNINGS": "ignore", "PATH": os.environ["PATH"]}
        argv = [sys.executable, "-c", KEEPS, self.entry(person), master]
        subprocess.run(argv, env=env, input=person.password, text=True, check=True, capture_output=True, timeout=60)
        return person.home / "data/python_keyring/crypted_pass.cfg"

    def sent(self, counter):
        return counter.posts(self.world.keycloak.login_path)

    def at_master_password(self, person):
        terminal = person.at_terminal("login", "--force")
        terminal.expect(words.ASKS_MASTER_PASSWORD)
        return terminal

    def test_a_file_with_a_master_password_is_read_once_and_the_password_kept(self):
        person = self.person("crypted", bus=self.world.keyring.address)
        file = self.kept_in_a_file(person)
        before, idp = file.read_bytes(), self.world.web.counter("keycloak")
        self.ends_with(person.mai("login", "--no-input"), words.NEEDS_A_PERSON)
        self.count(0, idp.posts())

        terminal = self.at_master_password(person)
        terminal.types_secretly("not the master's")
        terminal.expect(words.SAYS_WRONG_MASTER_PASSWORD)
        terminal.expect(words.ASKS_MASTER_PASSWORD)
        terminal.types_secretly(MASTER)
        terminal.expect(words.ASKS_TO_KEEP)
        terminal.answers(words.YES)
        self.ends_with(terminal.ends(), words.DONE)
        self.keys_work(person, "default", role(DEVELOPER))
        self.assertEqual(before, file.read_bytes())

        self.ends_with(person.mai("logout"), words.DONE)
        self.ends_with(person.mai("login", "--no-input"), words.DONE)
        self.count(2, self.sent(idp))

    def test_a_master_password_may_be_passed_over(self):
        person = self.person("crypted-declining", bus=self.world.keyring.address)
        self.kept_in_a_file(person)
        terminal = self.at_master_password(person)
        terminal.answers(words.ENTER)
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        terminal.expect(words.ASKS_TO_KEEP)
        terminal.answers(words.NO)
        self.ends_with(terminal.ends(), words.DONE)

    def test_a_master_password_beyond_latin1_is_that_of_a_terminal_with_utf8(self):
        # Python 2 took the bytes of the terminal; Python 3 gets them here in the one way that it takes them.
        person = self.person("crypted-utf8", bus=self.world.keyring.address)
        self.kept_in_a_file(person, "пароль".encode().decode("latin-1"))
        terminal = self.at_master_password(person)
        terminal.types_secretly("пароль")
        terminal.expect(words.ASKS_TO_KEEP)
        terminal.answers(words.NO)
        self.ends_with(terminal.ends(), words.DONE)

    def test_a_password_in_an_open_wallet_is_used_and_a_closed_one_stays_closed(self):
        wallet = self.world.kwallet
        for username, old, place in (
            ("wallet", False, ("mai", "{}")),
            ("wallet-old", True, ("Python", "{}@mai")),
        ):
            person = self.person(username, bus=wallet.address)
            wallet.python_keeps(self.entry(person), person.password, old=old)
            folder, key = place[0], place[1].format(self.entry(person))
            self.assertTrue(wallet.has(folder, key), f"no {key} in {folder}")
            idp = self.world.web.counter("keycloak")
            self.ends_with(person.mai("login", "--no-input"), words.DONE)
            self.keys_work(person, "default", role(DEVELOPER))

            self.assertIn("has kept in KWallet", person.mai("doctor").out)

            wallet.closes()
            self.ends_with(person.mai("login", "--force", "--no-input"), words.NEEDS_A_PERSON)
            wallet.opens()
            # A wallet that asks for each new program would show a window.
            rc = person.home / "config/kwalletrc"
            rc.write_text("[Wallet]\nPrompt on Open=true\n")
            self.ends_with(person.mai("login", "--force", "--no-input"), words.NEEDS_A_PERSON)
            rc.unlink()
            self.count(1, self.sent(idp))
            self.assertTrue(wallet.has(folder, key), f"{key} is gone from {folder}")

    def test_a_refused_password_is_removed_from_the_wallet(self):
        wallet = self.world.kwallet
        person = self.person("wallet-refused", bus=wallet.address)
        wallet.python_keeps(self.entry(person), "an old password")
        self.assertTrue(wallet.has("mai", self.entry(person)), "nothing was kept")
        idp = self.world.web.counter("keycloak")
        said = self.ends_with(person.mai("login", "--no-input"), words.REFUSED)
        self.says(said, words.SAYS_WRONG_PASSWORD)
        self.assertFalse(wallet.has("mai", self.entry(person)), "it is still there")
        self.ends_with(person.mai("login", "--no-input"), words.NEEDS_A_PERSON)
        self.count(1, self.sent(idp))

    def test_a_closed_wallet_with_the_entry_waits_for_the_person(self):
        wallet = self.world.kwallet.another("waiting")
        person = self.person("wallet", bus=wallet.address)
        wallet.python_keeps(self.entry(person), person.password)
        wallet.closes()
        idp = self.world.web.counter("keycloak")
        terminal = person.at_terminal("login")
        terminal.expect(words.WAITS_FOR_KEYRING)
        terminal.child.sendintr()
        self.ends_with(terminal.ends(), words.INTERRUPTED)
        self.count(0, self.sent(idp))

    def test_a_closed_wallet_without_the_entry_opens_no_window(self):
        wallet = self.world.kwallet
        person = self.person("wallet-without", bus=wallet.address)
        wallet.closes()
        try:
            terminal = person.at_terminal("login")
            terminal.expect(words.ASKS_PASSWORD)
            self.assertNotRegex(terminal.transcript, words.WAITS_FOR_KEYRING)
            terminal.types_secretly(person.password)
            terminal.expect(words.ASKS_TO_KEEP)
            terminal.answers(words.NO)
            self.ends_with(terminal.ends(), words.DONE)
        finally:
            wallet.opens()
