"""KDE's kwalletd on a session bus of its own, without a screen: its wallet is opened as PAM does when people log in."""

import os
import subprocess

from . import processes
from .secret_service import BUS

WALLET = "kdewallet"
# Debian's own Python has the bindings for D-Bus that Python's keyring wants; the keyring itself is that of the venv.
PYTHON = "/usr/bin/python3"
SETTINGS = "[Wallet]\nFirst Use=false\nPrompt on Open=false\n"

KEEPS = """
import sys
from keyring.backends.kwallet import DBusKeyring
DBusKeyring().set_password("mai", sys.argv[1], sys.stdin.read())
"""

# Python's keyring has left this form; it moves such entries when it opens the wallet, so it cannot write them.
KEEPS_IN_OLD_FOLDER = """
import dbus, sys
wallet = dbus.Interface(dbus.SessionBus().get_object("org.kde.kwalletd5", "/modules/kwalletd5"), "org.kde.KWallet")
handle = wallet.open("kdewallet", dbus.Int64(0), "test")
wallet.createFolder(handle, "Python", "test")
wallet.writePassword(handle, "Python", sys.argv[1] + "@mai", sys.stdin.read(), "test")
"""


class KWallet:
    def __init__(self, venv, folder):
        self.venv, self.folder = venv, folder
        for name in ("home", "config", "data", "cache", "runtime"):
            (folder / name).mkdir(parents=True, mode=0o700)
        self.address = f"unix:path={folder}/bus"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": str(next(venv.glob("lib/python3*/site-packages"))),
        }

    def start(self):
        (self.folder / "config/kwalletrc").write_text(SETTINGS)
        config = self.folder / "bus.conf"
        config.write_text(BUS.format(address=self.address))
        argv = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nosyslog"]
        bus = processes.start("dbus-daemon", argv, self.folder / "bus.log", env=self.env)
        processes.wait_until((self.folder / "bus").exists, bus, 10)
        daemon = processes.start("kwalletd5", ["kwalletd5"], self.folder / "kwalletd.log", env=self.env)
        processes.wait_until(lambda: "true" in self.call("isEnabled"), daemon, 20)
        self.opens()

    def another(self, name):
        """A desktop of its own, for a test that leaves a window open there."""
        other = KWallet(self.venv, self.folder / name)
        other.start()
        return other

    def call(self, method, *arguments):
        argv = ["dbus-send", "--print-reply", "--dest=org.kde.kwalletd5", "/modules/kwalletd5", f"org.kde.KWallet.{method}"]
        done = subprocess.run([*argv, *arguments], env=self.env, capture_output=True, text=True, timeout=20)
        return done.stdout

    def opens(self):
        """Opens the wallet, or makes it."""
        self.call("pamOpen", f"string:{WALLET}", "array:byte:" + ",".join(["7"] * 56), "int32:0")
        if "true" not in self.call("isOpen", f"string:{WALLET}"):
            raise processes.NotReady(f"the wallet is not open\n{processes.tail(self.folder / 'kwalletd.log')}")

    def closes(self):
        self.call("close", f"string:{WALLET}", "boolean:true")

    def has(self, folder, key):
        """Whether there is such an entry; the wallet is open."""
        handle = self.call("open", f"string:{WALLET}", "int64:0", "string:test").split()[-1]
        return "true" in self.call("hasEntry", f"int32:{handle}", f"string:{folder}", f"string:{key}", "string:test")

    def python_keeps(self, user, password, old=False):
        """Keeps a password as the Python Mai did: with Python's keyring, under the service `mai`."""
        argv = [PYTHON, "-c", KEEPS_IN_OLD_FOLDER if old else KEEPS, user]
        done = subprocess.run(argv, env=self.env, input=password, text=True, capture_output=True, timeout=30)
        if done.returncode:
            raise AssertionError(f"Python's keyring could not keep a password in KWallet:\n{done.stderr}")
