"""`~/.aws` that is mounted into a container, where a program runs all day while `mai` writes new keys outside."""

from harness import simplesamlphp, words
from harness.container import WRITABLE, Collector, mounted
from harness.world import AtServer

ROLES = {
    "first": simplesamlphp.role("Developer"),
    "second": simplesamlphp.role("Admin", "210987654321"),
    "third": simplesamlphp.role("team/x/Auditor"),
}


class Mounts(AtServer):
    server = "simplesamlphp"
    profiles = {name: {"role": arn} for name, arn in ROLES.items()}

    def collected(self, place):
        """Somebody who has signed in, and a collector in whose home this part of theirs is mounted."""
        person = self.person("three")
        self.ends_with(person.login(*ROLES), words.DONE)
        collector, keys = self.collector(person, place), self.key_ids(person)
        told = collector.round()
        self.let_in(told["new"], keys)
        self.let_in(told["held"], keys)
        return person, collector

    def collector(self, person, place):
        collector = Collector(person, list(ROLES), place)
        self.addCleanup(collector.stop)
        return collector

    def key_ids(self, person):
        return {name: person.keys(name)["aws_access_key_id"] for name in ROLES}

    def let_in(self, told, keys):
        """With these keys, and as the role of each profile."""
        for name, role in ROLES.items():
            arn = f"arn:aws:sts::{role.split(':')[4]}:assumed-role/{role.rsplit('/', 1)[1]}/three"
            self.assertEqual({"key": keys[name], "arn": arn}, told[name], f"{name}: {told[name]}")

    def expired(self, told, keys):
        for name in ROLES:
            self.assertEqual(keys[name], told[name]["key"], f"{name}: {told[name]}")
            self.assertIn("(ExpiredToken)", told[name].get("refusal", "let in"), name)

    def renewed(self, person, within=()):
        """All profiles with other keys; the old ones are good no more."""
        old = self.key_ids(person)
        self.world.sts.expire_keys()
        said = self.ends_with(person.login(*ROLES, "--force", within=within), words.DONE)
        new = self.key_ids(person)
        self.assertFalse(set(old.values()) & set(new.values()), (old, new))
        return old, new, said

    def test_through_a_mounted_folder_new_sessions_have_the_new_keys(self):
        person, collector = self.collected(".aws")
        old, new, _ = self.renewed(person)
        told = collector.round()
        self.let_in(told["new"], new)
        # botocore never reads the file again for a session that has its keys: they end with their time.
        self.expired(told["held"], old)

    def test_a_file_that_is_mounted_by_itself_stays_the_old_one(self):
        person, collector = self.collected(".aws/credentials")
        old, new, said = self.renewed(person)
        # Outside nothing tells that somebody has mounted it: it is replaced, and no word is said.
        self.assertNotIn("in place", said.err, str(said))
        self.expired(collector.round()["new"], old)
        # A container that starts now mounts what is there now.
        self.let_in(self.collector(person, ".aws/credentials").round()["new"], new)

    def test_where_mai_itself_sees_the_mounted_file_it_writes_in_place_and_everybody_sees_it(self):
        person, collector = self.collected(".aws/credentials")
        before = person.credentials.stat().st_ino
        within = mounted(person.credentials, person.credentials, WRITABLE)
        old, new, said = self.renewed(person, within)
        self.says(said, "credentials was written in place: it cannot be replaced")
        self.assertEqual(before, person.credentials.stat().st_ino)
        told = collector.round()
        self.let_in(told["new"], new)
        self.expired(told["held"], old)

    def test_where_the_mounted_file_is_read_only_no_password_is_sent(self):
        person = self.person("three")
        self.ends_with(person.login(*ROLES), words.DONE)
        keys, idp = self.key_ids(person), self.at_idp()
        said = person.login(*ROLES, "--force", within=mounted(person.credentials, person.credentials))
        self.ends_with(said, words.FAILED)
        self.says(said, "cannot write .*credentials")
        self.count(0, self.passwords_sent(idp))
        self.assertEqual(keys, self.key_ids(person))
