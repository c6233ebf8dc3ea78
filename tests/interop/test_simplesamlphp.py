"""`mai` and SimpleSAMLphp."""

import datetime
import socket
import threading

from harness import simplesamlphp, words
from harness.simplesamlphp import CONSENTING, MANY, role
from harness.world import AtServer

DEVELOPER = {"prod": {"role": role("Developer")}}


def every(document, key):
    """All values of this key, however deep."""
    if isinstance(document, dict):
        found = [document[key]] if key in document else []
        return found + [each for value in document.values() for each in every(value, key)]
    if isinstance(document, list):
        return [each for value in document for each in every(value, key)]
    return []


class SimpleSamlPhp(AtServer):
    server = "simplesamlphp"
    profiles = DEVELOPER

    def test_a_first_login_takes_three_requests_and_one_at_the_sts(self):
        person = self.person("one")
        idp, sts = self.at_idp(), self.at_sts()
        said = self.ends_with(person.login("prod"), words.DONE)
        self.says(said, words.SAYS_OTHER_STS)
        self.count(3, idp.requests())
        self.redeemed(1, sts)
        self.keys_work(person, "prod", role("Developer"))
        self.damaged_keys_fail(person, "prod")
        self.assertEqual(0o600, person.credentials.stat().st_mode & 0o777)

    def test_the_most_talkative_login_shows_no_secret(self):
        person = self.person("one")
        said = person.mai("login", "prod", "-vv", "--password-stdin", stdin=person.password + "\n")
        self.ends_with(said, words.DONE)
        self.says(said, r"SSOService|loginuserpass")
        for hidden in ("PHNhbWxw", "AuthState=", person.keys("prod")["aws_access_key_id"][4:]):
            self.assertNotIn(hidden, said.err + said.out)

    def test_good_keys_are_left_alone_and_status_knows_them(self):
        person = self.person("one")
        self.ends_with(person.login("prod"), words.DONE)
        before, idp = person.credentials.read_bytes(), self.at_idp()
        self.ends_with(person.login("prod"), words.DONE)
        self.count(0, idp.requests())
        self.assertEqual(before, person.credentials.read_bytes())
        status = self.ends_with(person.mai("status", "-o", "json"), words.DONE).json()
        ends = datetime.datetime.fromisoformat(every(status, "expires_at")[0])
        left = (ends - datetime.datetime.now(datetime.UTC)).total_seconds()
        self.assertTrue(3000 < left <= 3600, f"{left} s left")
        self.assertEqual([role("Developer")], every(status, "role_arn"))

    def test_a_login_leaves_the_rest_of_the_credentials_file_alone(self):
        person = self.person("one")
        person.credentials.parent.mkdir(mode=0o700)
        mine = b"# mine\r\n[personal]\naws_access_key_id=AKIAEXAMPLE\naws_secret_access_key =  x # y\n\n; end \xff"
        person.credentials.write_bytes(mine)
        self.ends_with(person.login("prod"), words.DONE)
        self.assertTrue(person.credentials.read_bytes().startswith(mine))

    def test_three_profiles_cost_one_sign_in(self):
        arns = {"dev": role("Developer"), "audit": role("team/x/Auditor"), "admin": role("Admin", "210987654321")}
        person = self.person("three", {name: {"role": arn} for name, arn in arns.items()})
        idp, sts = self.at_idp(), self.at_sts()
        self.ends_with(person.login("dev", "audit", "admin"), words.DONE)
        self.count(1, self.passwords_sent(idp))
        self.count(3, idp.requests())
        self.redeemed(3, sts)
        for name, arn in arns.items():
            self.keys_work(person, name, arn)

    def test_all_profiles_are_signed_in_with_one_option(self):
        person = self.person("three", {"dev": {"role": role("Developer")}, "audit": {"role": role("team/x/Auditor")}})
        idp = self.at_idp()
        self.ends_with(person.login("--all"), words.DONE)
        self.count(1, self.passwords_sent(idp))
        self.assertTrue(person.keys("dev") and person.keys("audit"))

    def test_the_provider_may_come_before_the_role(self):
        person = self.person("swapped", {"prod": {"role": role("Developer")}, "admin": {"role": role("Admin")}})
        self.ends_with(person.login("prod", "admin"), words.DONE)
        self.keys_work(person, "prod", role("Developer"))
        self.keys_work(person, "admin", role("Admin"))

    def test_a_role_can_be_named_by_account_and_name(self):
        person = self.person("three", {"prod": {}})
        self.ends_with(person.login("prod", "--role", "210987654321/Admin"), words.DONE)
        self.keys_work(person, "prod", role("Admin", "210987654321"))

    def test_a_role_is_chosen_from_a_list(self):
        person = self.person("three", {"prod": {}})
        terminal = self.after_password(person)
        terminal.expect(words.ASKS_ROLE)
        terminal.chooses("Auditor")
        self.ends_with(terminal.ends(), words.DONE)
        self.keys_work(person, "prod", role("team/x/Auditor"))

    def test_a_password_of_odd_characters_arrives_whole(self):
        person = self.person("odd")
        self.ends_with(person.login("prod"), words.DONE)
        self.keys_work(person, "prod", role("Developer"))

    def test_a_password_of_odd_characters_can_be_typed(self):
        person = self.person("odd")
        terminal = self.after_password(person)
        self.ends_with(terminal.ends(), words.DONE)
        self.keys_work(person, "prod", role("Developer"))

    def test_a_wrong_password_is_sent_once_and_named(self):
        person = self.person("one")
        idp, sts = self.at_idp(), self.at_sts()
        said = self.ends_with(person.login("prod", password="not the one"), words.REFUSED)
        self.says(said, words.SAYS_WRONG_PASSWORD)
        self.count(1, self.passwords_sent(idp))
        self.redeemed(0, sts)
        self.nothing_written(person)

    def test_somebody_without_roles_is_told_so(self):
        person = self.person("nobody")
        said = self.ends_with(person.login("prod"), words.REFUSED)
        self.says(said, words.SAYS_NO_ROLES)
        self.nothing_written(person)

    def test_a_role_that_is_not_offered_is_refused_with_the_nearest(self):
        person = self.person("three", {"prod": {"role": role("Develper")}})
        sts = self.at_sts()
        said = self.ends_with(person.login("prod"), words.REFUSED)
        self.says(said, words.SAYS_NOT_OFFERED)
        self.says(said, r"Developer")
        self.redeemed(0, sts)
        self.nothing_written(person)

    def test_450_roles_are_listed_and_each_can_be_taken(self):
        last = MANY[-1].split(",")[0]
        person = self.person("many", {"prod": {"role": last}})
        kept = person.home / "password"
        kept.write_text(person.password + "\n")
        kept.chmod(0o600)
        person.configure(idp={"password": {"command": ["cat", str(kept)], "unattended": True}})
        document = self.ends_with(person.mai("roles", "prod", "-o", "json"), words.DONE).json()
        self.assertEqual({pair.split(",")[0] for pair in MANY}, set(every(document, "role_arn")))
        self.assertEqual(450, len(every(document, "role_arn")))
        self.ends_with(person.login("prod"), words.DONE)
        self.keys_work(person, "prod", last)

    def test_consent_is_given_where_the_person_said_so(self):
        person = self.person(CONSENTING, idp={"consent": "accept"})
        self.ends_with(person.login("prod"), words.DONE)
        self.keys_work(person, "prod", role("Developer"))

    def test_consent_is_asked_once_and_remembered(self):
        person = self.person(CONSENTING, idp={"consent": "ask"})
        terminal = self.after_password(person)
        terminal.expect(words.ASKS_CONSENT)
        terminal.answers(words.YES)
        self.ends_with(terminal.ends(), words.DONE)
        self.keys_work(person, "prod", role("Developer"))
        self.ends_with(person.login("prod", "--force"), words.DONE)

    def test_consent_is_never_given_by_nobody(self):
        person = self.person(CONSENTING, idp={"consent": "ask"})
        idp = self.at_idp()
        said = self.ends_with(person.login("prod"), words.NEEDS_A_PERSON)
        self.says(said, words.SAYS_CONSENT)
        self.assertFalse([each for each in idp.requests() if "noconsent" in each])
        self.nothing_written(person)

    def test_an_untrusted_certificate_gets_no_password(self):
        person = self.person("one", idp={"ca_bundle": None})
        idp = self.at_idp()
        said = self.ends_with(person.login("prod"), words.UNREACHABLE)
        self.says(said, words.SAYS_UNTRUSTED)
        self.count(0, idp.requests())

    def test_a_bare_endpoint_is_started_with_an_own_request(self):
        person = self.person("one", idp={"url": self.idp.bare_url})
        self.ends_with(person.login("prod"), words.DONE)
        self.keys_work(person, "prod", role("Developer"))

    def test_one_role_is_redeemed_at_moto(self):
        person = self.person("one", sts=self.world.moto)
        moto = self.world.web.counter("moto")
        self.ends_with(person.login("prod"), words.DONE)
        self.redeemed(1, moto)
        self.keys_work(person, "prod", role("Developer"))

    def test_the_sign_in_page_of_aws_is_never_contacted(self):
        contacted = []
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def listen():
                while True:
                    try:
                        with listener.accept()[0] as connection:
                            contacted.append(connection.recv(200))
                    except OSError:
                        return

            threading.Thread(target=listen, daemon=True).start()
            proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
            away = {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "NO_PROXY": "localhost,127.0.0.1"}
            person = self.person("one")
            self.ends_with(person.login("prod", env=away | {"https_proxy": proxy, "no_proxy": away["NO_PROXY"]}), words.DONE)
        self.assertEqual([], contacted)
