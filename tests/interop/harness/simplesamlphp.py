"""SimpleSAMLphp of the Debian package, behind php-fpm and nginx, with a configuration of its own."""

import glob
import json
import secrets
import subprocess

from . import processes
from .web import HERE, fill

ROLE = "https://aws.amazon.com/SAML/Attributes/Role"
SESSION_NAME = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/ssp"
CONSENTING = "consenting"
# Signs in through a broker, whose keys these are.
BROKERED = "brokered"
BROKER = "arn:aws:iam::123456789012:saml-provider/satosa"
ODD_PASSWORD = "ä ß€ \"<&>'%2B+;=\\$:`#?@/\U0001f511"


def role(name, account="123456789012"):
    return f"arn:aws:iam::{account}:role/{name}"


def pair(name, account="123456789012", swapped=False):
    provider = PROVIDER.replace("123456789012", account)
    halves = [role(name, account), provider]
    return ",".join(reversed(halves) if swapped else halves)


MANY = [pair(f"Role{number:03}", f"{100000000000 + number % 30}") for number in range(450)]

# name: (password, roles)
PEOPLE = {
    "nobody": ("pw nobody", None),
    "one": ("pw one", [pair("Developer")]),
    "three": ("pw three", [pair("Developer"), pair("team/x/Auditor"), pair("Admin", "210987654321")]),
    "many": ("pw many", MANY),
    "swapped": ("pw swapped", [pair("Developer", swapped=True), pair("Admin", swapped=True)]),
    "odd": (ODD_PASSWORD, [pair("Developer")]),
    CONSENTING: ("pw consenting", [pair("Developer")]),
    BROKERED: ("pw brokered", [f"{role('Developer')},{BROKER}"]),
}


class SimpleSamlPhp:
    def __init__(self, folder, web):
        self.folder, self.web = folder, web
        for name in ("cert", "log", "data", "tmp", "metadata", "config", "session"):
            (folder / name).mkdir(parents=True)
        self.origin = f"https://localhost:{web.port['SIMPLESAMLPHP_PORT']}"
        self.url = f"{self.origin}/simplesaml/saml2/idp/SSOService.php?spentityid=urn:amazon:webservices"
        self.bare_url = f"{self.origin}/simplesaml/saml2/idp/SSOService.php"
        self.metadata_url = f"{self.origin}/simplesaml/saml2/idp/metadata.php"
        self.metadata = folder / "metadata.xml"
        self.socket = folder / "php.sock"
        self.login_path = "/core/loginuserpass.php"

    def password(self, name):
        return PEOPLE[name][0]

    def start(self):
        values = {"DIR": self.folder, "URL": self.origin, "SALT": secrets.token_hex(16), "CONSENTING": CONSENTING}
        values["BROKER"] = f"https://localhost:{self.web.port['SATOSA_PORT']}/people"
        for name, place in (
            ("config.php", "config"),
            ("authsources.php", "config"),
            ("saml20-idp-hosted.php", "metadata"),
            ("saml20-sp-remote.php", "metadata"),
            ("php-fpm.conf", "."),
        ):
            fill(HERE / "simplesamlphp" / name, self.folder / place / name, values)
        people = {}
        for name, (password, roles) in PEOPLE.items():
            people[f"{name}:{password}"] = {SESSION_NAME: [name]} | ({ROLE: roles} if roles else {})
        (self.folder / "config/people.json").write_text(json.dumps(people))
        subprocess.run(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout idp.key -out idp.crt -subj /CN=idp".split(),
            cwd=self.folder / "cert",
            check=True,
            capture_output=True,
        )
        program = sorted(glob.glob("/usr/sbin/php-fpm[0-9]*"))[-1]
        argv = [program, "-R", "-F", "-y", self.folder / "php-fpm.conf"]
        child = processes.start("php-fpm", argv, self.folder / "log/php-fpm.out")
        processes.wait_until(self.socket.exists, child, 15)
