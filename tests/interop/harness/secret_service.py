"""gnome-keyring on a session bus of its own: the keyring of a Linux desktop."""

import os
import re
import subprocess

from . import processes


BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>{address}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class SecretService:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        for name in ("home", "runtime"):
            (folder / name).mkdir(mode=0o700)
        self.address = f"unix:path={folder}/bus"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
            "DBUS_SESSION_BUS_ADDRESS": self.address,
        }

    def start(self):
        # Without the desktop's activation files: on a slow machine the first look would start a second, locked keyring.
        config = self.folder / "bus.conf"
        config.write_text(BUS.format(address=self.address))
        argv = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nosyslog"]
        bus = processes.start("dbus-daemon", argv, self.folder / "bus.log", env=self.env)
        processes.wait_until((self.folder / "bus").exists, bus, 10)
        argv = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
        reader, writer = os.pipe()
        os.write(writer, b"the keyring's own password")
        os.close(writer)
        daemon = processes.start("gnome-keyring", argv, self.folder / "keyring.log", env=self.env, stdin=reader)
        os.close(reader)
        processes.wait_until(self._works, daemon, 15)

    def _works(self):
        stored = self.tool("store", "--label=probe", "probe", "1", input="x").returncode == 0
        return stored and self.tool("clear", "probe", "1").returncode == 0

    def tool(self, *words, **more):
        """`secret-tool`, the desktop's own way to look in."""
        return subprocess.run(["secret-tool", *words], env=self.env, capture_output=True, text=True, timeout=20, **more)

    def python_keeps(self, python, user, password):
        """Keeps a password as the Python Mai did: with Python's keyring, under the service `mai`."""
        code = "import keyring, sys; keyring.set_password('mai', sys.argv[1], sys.stdin.read())"
        env = self.env | {"PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"}
        argv = [str(python), "-c", code, user]
        subprocess.run(argv, env=env, input=password, text=True, check=True, capture_output=True, timeout=30)

    def accounts(self):
        """The account names under which `mai` keeps something."""
        found = self.tool("search", "--all", "service", "mai")
        return sorted(re.findall(r"attribute\.username = (.*)", found.stdout + found.stderr))

    def secrets(self):
        """The secrets that `mai` keeps."""
        return re.findall(r"^secret = (.*)$", self.tool("search", "--all", "service", "mai").stdout, re.M)
