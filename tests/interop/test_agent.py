"""`mai agent` with Keycloak, gnome-keyring and the desktop's notifications; and what systemd says to its unit.

The unit is looked at by systemd, not run: a user manager takes over the control group that it is started in, with all
that runs there, and needs a computer that systemd has booted.
"""

import os
import re
import signal
import subprocess
import time

from harness import notifications, words
from harness.keycloak import DEVELOPER, role
from harness.world import Case


class Agent(Case):
    def person(self, username):
        profiles = {"prod": {"role": role(DEVELOPER), "renew": True}}
        more = {"idp": {"password": "keyring"}, "bus": self.world.keyring.address}
        return self.world.person(username, self.world.keycloak, profiles, **more)

    def log_in_by_hand(self, person, *options):
        terminal = person.at_terminal("login", "prod", *options)
        terminal.expect(words.ASKS_PASSWORD)
        terminal.types_secretly(person.password)
        terminal.expect(words.ASKS_TO_KEEP)
        terminal.answers(words.YES)
        self.ends_with(terminal.ends(), words.DONE)

    def make_due(self, person):
        """As if the keys ended in a minute."""
        sessions = person.home / "state/mai/sessions"
        soon = str(int(time.time()) + 60)
        sessions.write_text(re.sub(r"(?m)^(prod\t)\d+", rf"\g<1>{soon}", sessions.read_text()))

    def start(self, person):
        """With its words in a file."""
        log = person.home / "agent.log"
        with open(log, "ab") as out:
            child = subprocess.Popen(
                [self.world.mai, "agent", "-v"], env=person.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        self.addCleanup(child.kill)
        return child, log

    def wait(self, what, log):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if what():
                return
            time.sleep(0.1)
        self.fail(f"it never was so; the agent said:\n{log.read_text()}")

    def end(self, child, log):
        child.send_signal(signal.SIGTERM)
        self.assertEqual(words.DONE, child.wait(10), log.read_text())

    def test_keys_are_renewed_from_the_keyring_and_a_changed_password_is_told_on_the_desktop_once(self):
        desktop = notifications.Notifications(self.world.folder / "notifications", self.world.keyring.address)
        desktop.start()
        self.addCleanup(desktop.stop)
        person = self.person("renewed")
        self.log_in_by_hand(person)
        before = person.keys("prod")
        self.make_due(person)
        idp = self.world.web.counter("keycloak")
        child, log = self.start(person)
        self.wait(lambda: "renewed prod until" in log.read_text(), log)
        self.assertNotEqual(before, person.keys("prod"))
        self.keys_work(person, "prod", role(DEVELOPER))
        self.count(1, idp.posts(self.world.keycloak.login_path))
        self.end(child, log)
        self.assertEqual([], desktop.shown())

        self.world.keycloak.change_password("renewed", "another password")
        self.make_due(person)
        idp = self.world.web.counter("keycloak")
        child, log = self.start(person)
        self.wait(lambda: "prod needs you" in log.read_text(), log)
        self.wait(desktop.shown, log)
        self.end(child, log)
        child, log = self.start(person)
        time.sleep(2)
        self.end(child, log)
        self.count(1, idp.posts(self.world.keycloak.login_path))
        ((application, title, text),) = desktop.shown()
        self.assertEqual(("mai", "prod: sign in again"), (application, title))
        self.assertIn("Run: mai login prod", text)
        self.assertNotIn(person.password, log.read_text())
        self.says(person.mai("status"), "prod: the agent needs you: run `mai login prod`")

    def test_systemd_finds_nothing_in_the_installed_unit(self):
        person = self.person("installing")
        said = self.ends_with(person.mai("agent", "install"), words.DONE)
        unit = person.home / "config/systemd/user/mai-agent.service"
        argv = ["systemd-analyze", "--user", "--man=no", "verify", str(unit)]
        looked = subprocess.run(argv, env=person.env, capture_output=True, text=True, timeout=60)
        self.assertEqual((0, "", ""), (looked.returncode, looked.stdout, looked.stderr), said)
        # A slip would be found.
        unit.write_text(unit.read_text().replace("Restart=on-failure", "Restart=sometimes"))
        looked = subprocess.run(argv, env=person.env, capture_output=True, text=True, timeout=60)
        self.assertIn("sometimes", looked.stderr)
        self.ends_with(person.mai("agent", "uninstall"), words.FAILED)
        self.ends_with(person.mai("agent", "uninstall", "--overwrite"), words.DONE)
        self.assertFalse(os.path.lexists(unit))
