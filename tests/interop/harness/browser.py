"""A plain walker of login pages: shows that a server works without `mai`, so that a failure can be told apart."""

import base64
import html.parser
import http.cookiejar
import secrets
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib


class Form:
    def __init__(self, attributes):
        self.id = attributes.get("id") or ""
        self.action = attributes.get("action") or ""
        self.method = (attributes.get("method") or "get").lower()
        self.fields, self.submits = [], []


class Page(html.parser.HTMLParser):
    """The forms and the visible words of one answer."""

    def __init__(self, url, status, text):
        super().__init__()
        self.url, self.status, self.text = url, status, text
        self.forms, self.words, self._form, self._silent = [], [], None, 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self._form = Form(attributes)
            self.forms.append(self._form)
        elif tag in ("script", "style"):
            self._silent += 1
        elif tag in ("input", "button") and self._form and attributes.get("name"):
            kind = attributes.get("type", "submit" if tag == "button" else "text")
            field = (attributes["name"], attributes.get("value") or "")
            if kind == "submit":
                self._form.submits.append(field)
            elif kind not in ("checkbox", "radio") or "checked" in attributes:
                self._form.fields.append(field)

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag in ("script", "style"):
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data):
        if not self._silent and data.strip():
            self.words.append(" ".join(data.split()))

    def form_with(self, field):
        return next((form for form in self.forms if any(name == field for name, _ in form.fields)), None)

    @property
    def visible(self):
        return " ".join(self.words)


class Browser:
    def __init__(self, ca):
        context = ssl.create_default_context(cafile=ca)
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )

    def open(self, url, fields=None):
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        try:
            answer = self.opener.open(url, data, timeout=30)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            return Page(answer.url, answer.status, answer.read().decode("utf-8", "replace"))

    def submit(self, page, form, **answers):
        """Sends a form with these answers, and its first button if it has a name."""
        fields = [(name, answers.pop(name, value)) for name, value in form.fields]
        fields += list(answers.items()) + [each for each in form.submits[:1] if each[0] != "cancel"]
        action = urllib.parse.urljoin(page.url, form.action)
        if form.method == "get":
            return self.open(urllib.parse.urljoin(action, "?" + urllib.parse.urlencode(fields)))
        return self.open(action, fields)

    def sign_in(self, url, username, password):
        """From the start page to what follows the password."""
        page = self.open(url)
        form = page.form_with("password")
        if form is None:
            raise AssertionError(f"no login form at {page.url} ({page.status}): {page.visible[:300]}")
        return self.submit(page, form, username=username, password=password)


def assertion(page):
    """The base64 value bound for AWS, or None."""
    form = page.form_with("SAMLResponse")
    if form is None or form.action != "https://signin.aws.amazon.com/saml":
        return None
    return dict(form.fields)["SAMLResponse"]


def own_request(endpoint):
    """The address that starts at a bare endpoint: an unsigned AuthnRequest, as AWS would send it."""
    request = (
        '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        f'ID="_{secrets.token_hex(16)}" Version="2.0" IssueInstant="{time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}" '
        f'Destination="{endpoint}" AssertionConsumerServiceURL="https://signin.aws.amazon.com/saml" '
        'ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST">'
        '<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">urn:amazon:webservices</saml:Issuer>'
        "</samlp:AuthnRequest>"
    )
    packed = base64.b64encode(zlib.compress(request.encode(), wbits=-15))
    return endpoint + "?" + urllib.parse.urlencode({"SAMLRequest": packed})
