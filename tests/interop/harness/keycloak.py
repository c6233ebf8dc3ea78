"""Keycloak as its own distribution ships it, with a realm imported at start."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import ssl
import struct
import time
import urllib.parse
import urllib.request

from . import processes

ROLE = "https://aws.amazon.com/SAML/Attributes/Role"
SESSION_NAME = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"
DURATION = "https://aws.amazon.com/SAML/Attributes/SessionDuration"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/keycloak"
CLIENT = "urn:amazon:webservices"
REALM = "corp"
OFTEN_WRONG = 3
ADMIN_PASSWORD = "only on loopback"


def role(name):
    return f"arn:aws:iam::123456789012:role/{name}"


def pair(name):
    return f"{role(name)},{PROVIDER}"


DEVELOPER, AUDITOR, ADMIN = "Developer", "team/x/Auditor", "Admin"
# The STS gives this one an hour at most.
BRIEF = "Brief"
PHONE, TABLET = "phone of the first hour", "tablet, second hour!"

# name: (roles, TOTP devices as {label: secret}, more of the account). The password is "pw NAME".
PEOPLE = {
    "ada": ([DEVELOPER], {}, {}),
    "grace": ([DEVELOPER, AUDITOR, ADMIN, BRIEF], {}, {}),
    "nobody": ([], {}, {}),
    "mistyping": ([DEVELOPER], {}, {}),
    "disabled": ([DEVELOPER], {}, {"enabled": False}),
    "guessed": ([DEVELOPER], {}, {}),
    "expired": ([DEVELOPER], {}, {"requiredActions": ["UPDATE_PASSWORD"]}),
    "totp": ([DEVELOPER], {"phone": PHONE}, {}),
    "totp-by-command": ([DEVELOPER], {"phone": PHONE}, {}),
    "totp-mistyped": ([DEVELOPER], {"phone": PHONE}, {}),
    "totp-kept": ([DEVELOPER], {"phone": PHONE}, {}),
    "devices": ([DEVELOPER], {"phone": PHONE, "tablet": TABLET}, {}),
    "devices-asked": ([DEVELOPER], {"phone": PHONE, "tablet": TABLET}, {}),
    "keeping": ([DEVELOPER], {}, {}),
    "leaving": ([DEVELOPER], {}, {}),
    "declining": ([DEVELOPER], {}, {}),
    "renewed": ([DEVELOPER], {}, {}),
    "installing": ([DEVELOPER], {}, {}),
    "classic": ([DEVELOPER], {}, {}),
    "crypted": ([DEVELOPER], {}, {}),
    "crypted-declining": ([DEVELOPER], {}, {}),
    "crypted-utf8": ([DEVELOPER], {}, {}),
    "wallet": ([DEVELOPER], {}, {}),
    "wallet-old": ([DEVELOPER], {}, {}),
    "wallet-refused": ([DEVELOPER], {}, {}),
    "wallet-without": ([DEVELOPER], {}, {}),
}


def password(name):
    return f"pw {name}"


def code(secret, at=None):
    """The six digits that a phone with this secret shows now."""
    counter = struct.pack(">Q", int((time.time() if at is None else at) // 30))
    digest = hmac.new(secret.encode(), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def shared_secret(secret):
    """The secret as a person would type it into an app."""
    return base64.b32encode(secret.encode()).decode().rstrip("=")


def _mapper(name, kind, **config):
    config = {key.replace("_", "."): value for key, value in config.items()}
    return {"name": name, "protocol": "saml", "protocolMapper": kind, "config": config}


def _client():
    uri = {"attribute_nameformat": "URI Reference"}
    return {
        "clientId": CLIENT,
        "name": "Amazon Web Services",
        "protocol": "saml",
        "enabled": True,
        "redirectUris": ["https://signin.aws.amazon.com/saml"],
        "fullScopeAllowed": False,
        "frontchannelLogout": True,
        "defaultClientScopes": [],
        "optionalClientScopes": [],
        "attributes": {
            "saml_idp_initiated_sso_url_name": "aws",
            "saml_assertion_consumer_url_post": "https://signin.aws.amazon.com/saml",
            "saml.assertion.signature": "true",
            "saml.server.signature": "true",
            "saml.client.signature": "false",
            "saml.signature.algorithm": "RSA_SHA256",
            "saml.force.post.binding": "true",
            "saml.authnstatement": "true",
            "saml_force_name_id_format": "true",
            "saml_name_id_format": "persistent",
        },
        "protocolMappers": [
            _mapper("roles", "saml-role-list-mapper", attribute_name=ROLE, single="true", **uri),
            _mapper(
                "session-name",
                "saml-user-property-mapper",
                attribute_name=SESSION_NAME,
                user_attribute="username",
                friendly_name="RoleSessionName",
                **uri,
            ),
            _mapper(
                "duration",
                "saml-hardcode-attribute-mapper",
                attribute_name=DURATION,
                attribute_value="28800",
                **uri,
            ),
        ],
    }


def _person(name, roles, devices, more):
    credentials = [{"type": "password", "value": password(name), "temporary": False}]
    for label, secret in devices.items():
        about = {"subType": "totp", "digits": 6, "counter": 0, "period": 30, "algorithm": "HmacSHA1"}
        credentials.append(
            {
                "type": "otp",
                "userLabel": label,
                "secretData": json.dumps({"value": secret}),
                "credentialData": json.dumps(about),
            }
        )
    account = {
        "username": name,
        "enabled": True,
        "email": f"{name}@example.com",
        "emailVerified": True,
        "firstName": name.capitalize(),
        "lastName": "Example",
        "requiredActions": [],
        "credentials": credentials,
        "clientRoles": {CLIENT: [pair(each) for each in roles]},
    }
    return account | more


def realm():
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "external",
        "bruteForceProtected": True,
        "failureFactor": OFTEN_WRONG,
        "waitIncrementSeconds": 900,
        "maxFailureWaitSeconds": 900,
        "quickLoginCheckMilliSeconds": 0,
        "roles": {"client": {CLIENT: [{"name": pair(each)} for each in (DEVELOPER, AUDITOR, ADMIN, BRIEF)]}},
        "clients": [_client()],
        "users": [_person(name, *rest) for name, rest in PEOPLE.items()],
    }


class Keycloak:
    def __init__(self, distribution, folder, web):
        self.home, self.folder, self.web = distribution, folder, web
        self.origin = f"https://localhost:{web.port['KEYCLOAK_PORT']}"
        self.url = f"{self.origin}/realms/{REALM}/protocol/saml/clients/aws"
        self.bare_url = f"{self.origin}/realms/{REALM}/protocol/saml"
        self.metadata_url = f"{self.origin}/realms/{REALM}/protocol/saml/descriptor"
        self.metadata = folder / "metadata.xml"
        self.login_path = "/login-actions/authenticate"
        self.child = None

    def password(self, name):
        return password(name)

    def start(self):
        """Starts it and comes back at once: it takes a while."""
        self.folder.mkdir(parents=True)
        shutil.rmtree(self.home / "data", ignore_errors=True)
        (self.home / "data/import").mkdir(parents=True)
        (self.home / f"data/import/{REALM}-realm.json").write_text(json.dumps(realm(), indent=1))
        argv = [self.home / "bin/kc.sh", "start-dev", "--import-realm", "--db=dev-mem", "--cache=local"]
        argv += ["--http-host=127.0.0.1", f"--http-port={self.web.port['KEYCLOAK_BACKEND']}"]
        argv += [f"--hostname={self.origin}", "--proxy-headers=xforwarded"]
        env = {name: os.environ[name] for name in ("PATH", "JAVA_HOME", "LANG") if name in os.environ}
        env |= {
            "HOME": str(self.folder),
            "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
            "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx640m",
            "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
        }
        self.child = processes.start("keycloak", argv, self.folder / "keycloak.log", env=env)

    def wait(self):
        backend = f"http://127.0.0.1:{self.web.port['KEYCLOAK_BACKEND']}/realms/{REALM}/protocol/saml/descriptor"
        processes.wait_until(lambda: processes.answers(backend), self.child, 240)

    def _call(self, method, path, token=None, form=None, body=None):
        data = urllib.parse.urlencode(form).encode() if form else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.origin + path, data, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        context = ssl.create_default_context(cafile=self.web.authority.certificate)
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        with urllib.request.build_opener(*handlers).open(request, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def _administer(self, method, name, what, body=None):
        """A call of an administrator about this person."""
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": ADMIN_PASSWORD}
        token = self._call("POST", "/realms/master/protocol/openid-connect/token", form=form)["access_token"]
        users = self._call("GET", f"/admin/realms/{REALM}/users?exact=true&username={name}", token)
        return self._call(method, f"/admin/realms/{REALM}/users/{users[0]['id']}/{what}", token, body=body)

    def change_password(self, name, new):
        self._administer("PUT", name, "reset-password", {"type": "password", "value": new, "temporary": False})

    def sessions(self, name):
        return self._administer("GET", name, "sessions")

    def end_sessions(self, name):
        self._administer("POST", name, "logout")
