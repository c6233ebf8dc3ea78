"""LemonLDAP::NG of the Debian package, behind its FastCGI server and nginx, with a configuration of its own."""

import base64
import json
import os
import secrets
import subprocess

from . import processes
from .web import HERE

ROLE = "https://aws.amazon.com/SAML/Attributes/Role"
SESSION_NAME = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/lemonldap"
PHONE = "phone of the first hour"
GOOD, LOCKED, EXPIRED, RESET = 0, 21, 22, 25


def role(name):
    return f"arn:aws:iam::123456789012:role/{name}"


DEVELOPER, AUDITOR = "Developer", "team/x/Auditor"

# name: (roles, what the directory answers to the right password, more of the account). The password is "pw NAME".
PEOPLE = {
    "ada": ([DEVELOPER], GOOD, {}),
    "grace": ([DEVELOPER, AUDITOR], GOOD, {}),
    "nobody": ([], GOOD, {}),
    "mistyping": ([DEVELOPER], GOOD, {}),
    "locked": ([DEVELOPER], LOCKED, {}),
    "expired": ([DEVELOPER], EXPIRED, {}),
    "reset": ([DEVELOPER], RESET, {}),
    "totp": ([DEVELOPER], GOOD, {"phone": True}),
    "app-kept": ([DEVELOPER], GOOD, {"phone": True}),
    "totp-mistyped": ([DEVELOPER], GOOD, {"phone": True}),
    "messages": ([DEVELOPER], GOOD, {"messages": True}),
    "both": ([DEVELOPER], GOOD, {"phone": True, "messages": True}),
    "both-asked": ([DEVELOPER], GOOD, {"phone": True, "messages": True}),
}

AWS = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:amazon:webservices">
  <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" WantAssertionsSigned="true">
    <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>
    <AssertionConsumerService index="1" isDefault="true" Location="https://signin.aws.amazon.com/saml"
      Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"/>
  </SPSSODescriptor>
</EntityDescriptor>"""
# Another service, whose start by the portal is forbidden.
OTHER = AWS.replace("urn:amazon:webservices", "urn:other:service")


def _account(name):
    roles, answer, more = PEOPLE[name]
    devices = []
    if more.get("phone"):
        secret = base64.b32encode(PHONE.encode()).decode().rstrip("=").lower()
        devices.append({"type": "TOTP", "name": "phone", "_secret": secret, "epoch": 1_600_000_000})
    return {
        "password": f"pw {name}",
        "answer": answer,
        "roles": [f"{role(each)},{PROVIDER}" for each in roles],
        "devices": devices,
        "messages": more.get("messages", False),
    }


class LemonLdap:
    def __init__(self, folder, web):
        self.folder, self.web = folder, web
        for name in ("conf", "sessions/lock", "psessions/lock", "cache", "sent"):
            (folder / name).mkdir(parents=True)
        self.origin = f"https://localhost:{web.port['LEMONLDAP_PORT']}"
        self.start_url = f"{self.origin}/saml/singleSignOn?IDPInitiated=1&sp="
        self.url = self.start_url + "urn:amazon:webservices"
        self.bare_url = f"{self.origin}/saml/singleSignOn"
        self.metadata_url = f"{self.origin}/saml/metadata"
        self.metadata = folder / "metadata.xml"
        self.socket = folder / "portal.sock"
        self.login_path = "/saml/singleSignOn"
        self.code_path = "/totp2fcheck"

    def password(self, name):
        return f"pw {name}"

    def sent_codes(self, name):
        """What the gateway sent to this person, one code for each message."""
        sent = self.folder / "sent" / name
        return sent.read_text().split() if sent.exists() else []

    def start(self):
        """Starts it and comes back at once."""
        subprocess.run(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout idp.key -out idp.crt -subj /CN=idp".split(),
            cwd=self.folder,
            check=True,
            capture_output=True,
        )
        (self.folder / "conf/lmConf-1.json").write_text(json.dumps(self._settings(), indent=1))
        (self.folder / "people.json").write_text(json.dumps({name: _account(name) for name in PEOPLE}))
        argv = ["plackup", "-s", "FCGI", "-E", "deployment", "-I", HERE / "lemonldap", "--nproc", "2"]
        argv += ["--listen", self.socket, HERE / "lemonldap/portal.psgi"]
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LEMONLDAP_FOLDER": str(self.folder),
            "LLNG_DEFAULTLOGGER": "Lemonldap::NG::Common::Logger::Std",
        }
        self.child = processes.start("lemonldap", argv, self.folder / "portal.log", env=env, cwd=self.folder)

    def wait(self):
        processes.wait_until(self._answers, self.child, 30)

    def _answers(self):
        return processes.answers(self.metadata_url, self.web.authority.certificate)

    def _settings(self):
        files = "Apache::Session::File"
        options = {"samlSPMetaDataOptionsNameIDFormat": "persistent", "samlSPMetaDataOptionsSignSSOMessage": 1}
        return {
            "cfgNum": 1,
            "cfgDate": 1_700_000_000,
            "portal": f"{self.origin}/",
            "domain": "localhost",
            "cookieName": "lemonldap",
            "securedCookie": 1,
            "key": secrets.token_hex(16),
            "authentication": "Custom",
            "customAuth": "People",
            "userDB": "Custom",
            "customUserDB": "People",
            "passwordDB": "Null",
            "registerDB": "Null",
            "whatToTrace": "_whatToTrace",
            "macros": {"_whatToTrace": "lc($_user)"},
            "locationRules": {"localhost": {"default": "accept"}},
            "globalStorage": files,
            "globalStorageOptions": self._store("sessions"),
            "persistentStorage": files,
            "persistentStorageOptions": self._store("psessions"),
            # One-time tokens are kept here, for all processes.
            "localSessionStorage": "Cache::FileCache",
            "localSessionStorageOptions": {
                "namespace": "portal",
                "default_expires_in": 600,
                "cache_root": str(self.folder / "cache"),
                "cache_depth": 2,
            },
            # Pictures of letters need a library of their own; nothing asks for them.
            "captcha": "::Main::Plugin",
            "portalDisplayResetPassword": 0,
            "portalDisplayRegister": 0,
            "stayConnected": 1,
            "totp2fActivation": 1,
            "ext2fActivation": '$reached eq "by message"',
            "ext2FSendCommand": f"{HERE}/lemonldap/send-code {self.folder}/sent $uid $code",
            "issuerDBSAMLActivation": 1,
            "samlServicePrivateKeySig": (self.folder / "idp.key").read_text(),
            "samlServicePublicKeySig": (self.folder / "idp.crt").read_text(),
            "samlServiceSignatureMethod": "RSA_SHA256",
            "samlIDPSSODescriptorWantAuthnRequestsSigned": 0,
            "samlSPMetaDataXML": {"aws": {"samlSPMetaDataXML": AWS}, "other": {"samlSPMetaDataXML": OTHER}},
            "samlSPMetaDataOptions": {
                "aws": options | {"samlSPMetaDataOptionsEnableIDPInitiatedURL": 1},
                "other": options,
            },
            "samlSPMetaDataExportedAttributes": {
                "aws": {"roles": f"0;{ROLE};uri;Role", "uid": f"1;{SESSION_NAME};uri;RoleSessionName"},
                "other": {},
            },
        }

    def _store(self, name):
        directory = self.folder / name
        return {
            "Directory": str(directory),
            "LockDirectory": str(directory / "lock"),
            "generateModule": "Lemonldap::NG::Common::Apache::Session::Generate::SHA256",
        }
