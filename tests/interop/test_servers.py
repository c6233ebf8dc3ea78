"""The servers by themselves, without `mai`: where these fail, nothing else means anything."""

import base64
import urllib.error
import urllib.parse
import urllib.request

from harness import keycloak, simplesamlphp
from harness.browser import Browser, assertion, own_request
from harness.world import Case


class Servers(Case):
    def sign_in(self, server, username, password=None, url=None):
        browser = Browser(self.world.authority.certificate)
        return browser, browser.sign_in(url or server.url, username, password or server.password(username))

    def redeem(self, value, role_arn, provider, seconds=3600):
        form = {
            "Action": "AssumeRoleWithSAML",
            "Version": "2011-06-15",
            "RoleArn": role_arn,
            "PrincipalArn": provider,
            "SAMLAssertion": value,
            "DurationSeconds": str(seconds),
        }
        request = urllib.request.Request(self.world.sts.url, urllib.parse.urlencode(form).encode())
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def test_simplesamlphp_answers_for_everybody_it_knows(self):
        server = self.world.simplesamlphp
        for username, (_, roles) in simplesamlphp.PEOPLE.items():
            browser, page = self.sign_in(server, username)
            if username == simplesamlphp.CONSENTING:
                self.assertIn("consent", page.url)
                page = browser.submit(page, page.forms[0])
            value = assertion(page)
            self.assertIsNotNone(value, f"{username}: {page.visible[:300]}")
            self.assertLess(len(value), 100_000)
            self.assertEqual(len(roles or []), base64.b64decode(value).count(b":saml-provider/"))

    def test_keycloak_answers_for_everybody_it_knows(self):
        server = self.world.keycloak
        words = {"disabled": "Account is disabled", "expired": "change your password"}
        for username, (roles, devices, _) in keycloak.PEOPLE.items():
            _, page = self.sign_in(server, username)
            if username in words:
                self.assertIn(words[username], page.visible)
            elif devices:
                self.assertIsNotNone(page.form_with("otp"), page.visible[:300])
            else:
                value = assertion(page)
                self.assertIsNotNone(value, f"{username}: {page.visible[:300]}")
                self.assertEqual(len(roles), base64.b64decode(value).count(b":saml-provider/"))

    def test_both_answer_an_own_request_at_their_bare_endpoint(self):
        for server, username in ((self.world.simplesamlphp, "one"), (self.world.keycloak, "ada")):
            _, page = self.sign_in(server, username, url=own_request(server.bare_url))
            value = assertion(page)
            self.assertIsNotNone(value, page.visible[:300])
            self.assertIn(b"InResponseTo", base64.b64decode(value))

    def test_the_strict_sts_takes_what_both_signed_and_nothing_else(self):
        for module, server, username in (
            (simplesamlphp, self.world.simplesamlphp, "one"),
            (keycloak, self.world.keycloak, "ada"),
        ):
            value = assertion(self.sign_in(server, username)[1])
            role = module.role("Developer")
            status, text = self.redeem(value, role, module.PROVIDER)
            self.assertEqual(200, status, text)
            self.assertIn("SecretAccessKey", text)
            document = base64.b64decode(value)
            tampered = base64.b64encode(document.replace(b"role/Developer,", b"role/Elsewhere,")).decode()
            status, text = self.redeem(tampered, module.role("Elsewhere"), module.PROVIDER)
            self.assertEqual(400, status, text)
            status, text = self.redeem(value, module.role("Elsewhere"), module.PROVIDER)
            self.assertEqual(403, status, text)

    def test_the_keyring_keeps_and_forgets(self):
        keyring = self.world.keyring
        keyring.tool("store", "--label=probe", "service", "mai", "username", "probe", input="kept")
        self.assertEqual((["probe"], ["kept"]), (keyring.accounts(), keyring.secrets()))
        keyring.tool("clear", "service", "mai", "username", "probe")
        self.assertEqual([], keyring.accounts())
