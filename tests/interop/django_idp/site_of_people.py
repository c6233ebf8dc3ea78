"""A login server made of Django's own login page and djangosaml2idp; `site.json` is by harness/django_idp.py."""

import json
import os
import pathlib
import sys

import django
from django.conf import settings
from django.core.servers.basehttp import WSGIServer, WSGIRequestHandler

FOLDER = pathlib.Path(os.environ["DJANGO_FOLDER"])
CONFIG = json.loads((FOLDER / "site.json").read_text())
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
FORMATS = ["urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"]

settings.configure(
    SECRET_KEY=CONFIG["secret"],
    ALLOWED_HOSTS=["localhost"],
    CSRF_TRUSTED_ORIGINS=[CONFIG["origin"]],
    CSRF_COOKIE_SECURE=True,
    SESSION_COOKIE_SECURE=True,
    ROOT_URLCONF="site_of_people",
    LOGIN_URL="/admin/login/",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "people.sqlite"}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "djangosaml2idp",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="/static/",
    SAML_IDP_CONFIG={
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "entityid": CONFIG["origin"] + "/idp/metadata/",
        "service": {
            "idp": {
                "name": "people",
                "endpoints": {
                    "single_sign_on_service": [
                        (CONFIG["origin"] + "/idp/sso/post/", POST),
                        (CONFIG["origin"] + "/idp/sso/redirect/", REDIRECT),
                    ]
                },
                "name_id_format": FORMATS,
                "sign_response": True,
                "sign_assertion": True,
                "want_authn_requests_signed": False,
            }
        },
        "key_file": str(FOLDER / "idp.key"),
        "cert_file": str(FOLDER / "idp.crt"),
        "encryption_keypairs": [],
        "valid_for": 24,
    },
)
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402
from djangosaml2idp.models import ServiceProvider  # noqa: E402
from djangosaml2idp.processors import BaseProcessor  # noqa: E402

urlpatterns = [path("admin/", admin.site.urls), path("idp/", include("djangosaml2idp.urls"))]


class Roles(BaseProcessor):
    """What AWS wants to know about a person."""

    def has_access(self, request):
        return request.user.username not in CONFIG["outsiders"]

    def create_identity(self, user, sp_attribute_mapping):
        roles = CONFIG["people"][user.username]["roles"]
        about = {CONFIG["session_name"]: [user.username]}
        return about | ({CONFIG["role"]: roles} if roles else {})


def fill():
    call_command("migrate", verbosity=0)
    for name, about in CONFIG["people"].items():
        get_user_model().objects.create_user(name, None, about["password"], is_staff=True, is_active=about["active"])
    ServiceProvider.objects.create(
        entity_id="urn:amazon:webservices",
        local_metadata=CONFIG["aws"],
        _processor="site_of_people.Roles",
        _sign_response=True,
        _sign_assertion=True,
    )


if __name__ == "__main__":
    # The processor is named by module, and this file must not be two.
    sys.modules["site_of_people"] = sys.modules["__main__"]
    fill()
    server = WSGIServer(("127.0.0.1", CONFIG["port"]), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    server.serve_forever()
