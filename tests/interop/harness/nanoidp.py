"""NanoIDP, as PyPI has it: the user name on one page, the password on the next, a code on a third."""

import json
import os
import secrets

from . import processes
from .keycloak import shared_secret

ROLE = "https://aws.amazon.com/SAML/Attributes/Role"
SESSION_NAME = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/nanoidp"
PHONE = "phone of the second hour"
DEVELOPER = "Developer"
# name: has a phone. The password is "pw NAME".
PEOPLE = {"ada": False, "mistyping": False, "nobody": False, "totp": True, "totp-kept": True, "totp-mistyped": True}


def role(name):
    return f"arn:aws:iam::123456789012:role/{name}"


class NanoIdp:
    def __init__(self, python, folder, web):
        self.python, self.folder, self.web = python, folder, web
        folder.mkdir(parents=True)
        self.origin = f"https://localhost:{web.port['NANOIDP_PORT']}"
        self.url = f"{self.origin}/saml/sso"
        self.metadata_url = f"{self.origin}/saml/metadata"
        self.metadata = folder / "metadata.xml"

    def password(self, name):
        return f"pw {name}"

    def start(self):
        """Starts it and comes back at once."""
        settings = {
            "server": {"port": self.web.port["NANOIDP_BACKEND"]},
            "oauth": {"issuer": self.origin},
            # No address of its own to send answers to: it takes the one of the request.
            "saml": {"default_acs_url": ""},
            "jwt": {"keys_dir": str(self.folder / "keys")},
            # With a management secret each page has a second form with a password field, which is for something else.
            "session": {"secret_key": secrets.token_hex(32), "management_secret": secrets.token_hex(16)},
            "login": {"two_step": True, "totp": True},
        }
        # JSON is YAML too.
        (self.folder / "settings.yaml").write_text(json.dumps(settings, indent=1))
        people = {name: self._account(name, phone) for name, phone in PEOPLE.items()}
        (self.folder / "users.yaml").write_text(json.dumps({"users": people}, indent=1))
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        argv = [self.python, "-B", "-m", "nanoidp", "--config", self.folder, "--strict-config"]
        self.child = processes.start("nanoidp", argv, self.folder / "nanoidp.log", env=env, cwd=self.folder)

    def _account(self, name, phone):
        about = {SESSION_NAME: name}
        if name != "nobody":
            about[ROLE] = [f"{role(DEVELOPER)},{PROVIDER}"]
        account = {"password": self.password(name), "attributes": about}
        return account | ({"totp_secret": shared_secret(PHONE)} if phone else {})

    def wait(self):
        processes.wait_until(lambda: processes.listens(self.web.port["NANOIDP_BACKEND"]), self.child, 30)
