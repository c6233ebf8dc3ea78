"""A login server of Django and djangosaml2idp, as PyPI has them."""

import json
import os
import secrets
import subprocess

from . import processes
from .lemonldap import AWS
from .web import HERE

ROLE = "https://aws.amazon.com/SAML/Attributes/Role"
SESSION_NAME = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/django"
DEVELOPER = "Developer"
OUTSIDER = "outsider"
# These cannot sign in, whatever their password.
DISABLED = "disabled"
PEOPLE = ("ada", "grace", "nobody", DISABLED, OUTSIDER)


def role(name):
    return f"arn:aws:iam::123456789012:role/{name}"


class DjangoIdp:
    def __init__(self, python, folder, web):
        self.python, self.folder, self.web = python, folder, web
        folder.mkdir(parents=True)
        self.origin = f"https://localhost:{web.port['DJANGO_PORT']}"
        self.url = f"{self.origin}/idp/sso/init/?sp=urn:amazon:webservices"
        self.other_url = f"{self.origin}/idp/sso/init/?sp=urn:nobody"
        self.metadata_url = f"{self.origin}/idp/metadata/"
        self.metadata = folder / "metadata.xml"
        self.login_path = "/admin/login/"

    def password(self, name):
        return f"pw {name}"

    def start(self):
        """Starts it and comes back at once."""
        subprocess.run(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout idp.key -out idp.crt -subj /CN=idp".split(),
            cwd=self.folder,
            check=True,
            capture_output=True,
        )
        people = {}
        for name in PEOPLE:
            roles = [] if name == "nobody" else [f"{role(DEVELOPER)},{PROVIDER}"]
            people[name] = {"password": self.password(name), "active": name != DISABLED, "roles": roles}
        config = {
            "origin": self.origin,
            "port": self.web.port["DJANGO_BACKEND"],
            "secret": secrets.token_hex(32),
            "role": ROLE,
            "session_name": SESSION_NAME,
            # It wants to know until when this is true.
            "aws": AWS.replace("entityID=", 'validUntil="2099-01-01T00:00:00Z" entityID='),
            "people": people,
            "outsiders": [OUTSIDER],
        }
        (self.folder / "site.json").write_text(json.dumps(config, indent=1))
        env = {"PATH": os.environ["PATH"], "DJANGO_FOLDER": str(self.folder)}
        argv = [self.python, "-B", HERE / "django_idp/site_of_people.py"]
        self.child = processes.start("django", argv, self.folder / "django.log", env=env)

    def wait(self):
        processes.wait_until(lambda: processes.listens(self.web.port["DJANGO_BACKEND"]), self.child, 30)
