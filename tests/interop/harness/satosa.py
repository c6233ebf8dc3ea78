"""SATOSA, as PyPI has it: a broker that lets SimpleSAMLphp ask for the password and answers AWS itself."""

import json
import os
import secrets
import subprocess

from . import processes, simplesamlphp
from .lemonldap import AWS
from .simplesamlphp import ROLE, SESSION_NAME

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
PROVIDER = simplesamlphp.BROKER


class Satosa:
    """`behind` is the SimpleSAMLphp that knows the people."""

    def __init__(self, python, folder, web, behind):
        self.python, self.folder, self.web, self.behind = python, folder, web, behind
        (folder / "attributes").mkdir(parents=True)
        self.origin = f"https://localhost:{web.port['SATOSA_PORT']}"
        self.url = f"{self.origin}/people/sso/redirect"
        self.metadata_url = f"{self.origin}/aws/metadata"
        self.metadata = folder / "metadata.xml"
        self.login_path = behind.login_path

    def password(self, name):
        return self.behind.password(name)

    def start(self):
        """Starts it; the metadata of the server behind must be there."""
        subprocess.run(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout broker.key -out broker.crt -subj /CN=idp".split(),
            cwd=self.folder,
            check=True,
            capture_output=True,
        )
        (self.folder / "aws.xml").write_text(AWS)
        names = {ROLE: "aws_role", SESSION_NAME: "aws_session"}
        back = {short: name for name, short in names.items()}
        (self.folder / "attributes/aws.py").write_text(f"MAP = {dict(identifier=URI, fro=names, to=back)!r}\n")
        # JSON is YAML too.
        (self.folder / "proxy.yaml").write_text(json.dumps(self._settings(names.values()), indent=1))
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "SATOSA_CONFIG": str(self.folder / "proxy.yaml")}
        argv = [self.python, "-B", "-m", "gunicorn", "satosa.wsgi:app", "--no-control-socket"]
        argv += ["--bind", f"127.0.0.1:{self.web.port['SATOSA_BACKEND']}"]
        child = processes.start("satosa", argv, self.folder / "satosa.log", env=env, cwd=self.folder)
        processes.wait_until(lambda: processes.listens(self.web.port["SATOSA_BACKEND"]), child, 30)

    def _settings(self, names):
        common = {
            "key_file": str(self.folder / "broker.key"),
            "cert_file": str(self.folder / "broker.crt"),
            "attribute_map_dir": str(self.folder / "attributes"),
            "xmlsec_binary": "/usr/bin/xmlsec1",
        }
        towards_people = common | {
            "entityid": f"{self.origin}/people",
            "metadata": {"local": [str(self.behind.metadata)]},
            "service": {
                "sp": {
                    "endpoints": {"assertion_consumer_service": [[f"{self.origin}/people/acs/post", POST]]},
                    "want_assertions_signed": True,
                    "want_response_signed": False,
                    "allow_unsolicited": False,
                }
            },
        }
        towards_aws = common | {
            "entityid": self.metadata_url,
            "metadata": {"local": [str(self.folder / "aws.xml")]},
            "service": {
                "idp": {
                    "endpoints": {"single_sign_on_service": []},
                    "policy": {
                        "default": {
                            "attribute_restrictions": None,
                            "name_form": URI,
                            "lifetime": {"minutes": 15},
                            "sign_assertion": True,
                            "sign_response": True,
                        }
                    },
                    "want_authn_requests_signed": False,
                }
            },
        }
        log = {"version": 1, "root": {"level": "INFO"}}
        return {
            "BASE": self.origin,
            "COOKIE_STATE_NAME": "satosa",
            "STATE_ENCRYPTION_KEY": secrets.token_hex(16),
            "INTERNAL_ATTRIBUTES": {"attributes": {name: {"saml": [name]} for name in names}},
            "BACKEND_MODULES": [
                {
                    "module": "satosa.backends.saml2.SAMLBackend",
                    "name": "people",
                    "config": {"sp_config": towards_people},
                }
            ],
            "FRONTEND_MODULES": [
                {
                    "module": "satosa.frontends.saml2.SAMLFrontend",
                    "name": "aws",
                    "config": {
                        "idp_config": towards_aws,
                        "entityid_endpoint": True,
                        "endpoints": {"single_sign_on_service": {POST: "sso/post", REDIRECT: "sso/redirect"}},
                    },
                }
            ],
            "LOGGING": log,
        }
