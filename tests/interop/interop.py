"""Runs the tests against real servers and prints one line for each. Started by `run`, which installs what it needs."""

import argparse
import pathlib
import subprocess
import sys
import time
import unittest

from harness import processes, world

HERE = pathlib.Path(__file__).resolve().parent
MODULES = (
    "test_servers",
    "test_simplesamlphp",
    "test_keycloak",
    "test_lemonldap",
    "test_django",
    "test_nanoidp",
    "test_satosa",
    "test_keyring",
    "test_sessions",
    "test_chains",
    "test_credential_process",
    "test_python_keyring",
    "test_agent",
    "test_shells",
    "test_exec_env",
    "test_serve",
    "test_mounts",
    "test_whoami",
)


class Lines(unittest.TestResult):
    """One line for each test, with its time; reasons at the end."""

    def __init__(self):
        super().__init__()
        self.wrong, self.passed = [], 0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def _line(self, mark, test):
        name = test.id().split(".", 1)[-1].replace(".test_", ": ").replace("_", " ")
        print(f"{mark}  {name}  ({time.monotonic() - self.began:.1f} s)", flush=True)
        return name

    def addSuccess(self, test):
        self._line("ok    ", test)
        self.passed += 1

    def addFailure(self, test, failure):
        self.wrong.append((self._line("FAILED", test), self._exc_info_to_string(failure, test)))

    addError = addFailure

    def addSubTest(self, test, subtest, failure):
        super().addSubTest(test, subtest, failure)
        if failure is not None:
            self.addFailure(subtest, failure)

    def addSkip(self, test, reason):
        self.wrong.append((self._line("FAILED", test), f"skipped: {reason}"))


def chosen(suite, pattern):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from chosen(each, pattern)
        elif pattern.replace(" ", "_") in each.id():
            yield each


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", required=True, help="for this run; emptied first, kept afterwards")
    parser.add_argument("--cache", required=True, help="where `run` installed the servers and clients")
    parser.add_argument("--mai", required=True)
    parser.add_argument("--testbed", required=True)
    parser.add_argument("--who-am-i", required=True, help="the client that stands on aws-sdk-rust")
    parser.add_argument("pattern", nargs="?", default="", help="only tests with this in their names")
    options = parser.parse_args()

    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromName(name) for name in MODULES)
    tests = list(chosen(suite, options.pattern))
    if not tests:
        print(f"no test has `{options.pattern}` in its name")
        return 1
    print(subprocess.run([options.mai, "-V"], capture_output=True, text=True, check=True).stdout.strip())
    began = time.monotonic()
    result = Lines()
    try:
        programs = (pathlib.Path(each).resolve() for each in (options.mai, options.testbed, options.who_am_i))
        servers = any(getattr(test, "needs_servers", True) for test in tests)
        world.build(options.folder, options.cache, *programs, servers)
        if servers:
            print(f"servers are up  ({time.monotonic() - began:.1f} s)", flush=True)
        for test in tests:
            test(result)
    finally:
        processes.stop_all()
    for name, reason in result.wrong:
        print(f"\n=== {name}\n{reason}")
    print(f"\n{result.passed} passed, {len(result.wrong)} failed, {time.monotonic() - began:.0f} s")
    if result.wrong:
        print(f"logs and homes: {options.folder}")
    return 0 if result.passed == len(tests) else 1


if __name__ == "__main__":
    sys.exit(main())
