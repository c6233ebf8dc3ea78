"""Two security token services: the strict one of the testbed, and moto."""

import subprocess

from . import processes


class StrictSts:
    """The testbed's: verifies the assertion's signature, audience, age and pair, and the signature of later calls."""

    def __init__(self, program, folder, web):
        self.program, self.folder, self.web = program, folder, web
        self.url = f"http://127.0.0.1:{web.port['STS_PORT']}"

    def start(self, providers, limits):
        """Trusts these metadata files by provider ARN; `limits` are the longest sessions by role ARN."""
        self.folder.mkdir(parents=True)
        port = self.web.port["STS_BACKEND"]
        argv = [self.program, "sts", "--port", str(port), "--any-role", "--stdin"]
        for arn, metadata in providers.items():
            argv += ["--provider", f"{arn}={metadata}"]
        for arn, seconds in limits.items():
            argv += ["--role", f"{arn}:{seconds}"]
        self.child = processes.start("strict STS", argv, self.folder / "sts.log", stdin=subprocess.PIPE)
        processes.wait_until(lambda: processes.listens(port), self.child, 15)

    def expire_keys(self):
        """All keys given out so far are good no more."""
        before = self.child.log.stat().st_size
        self.child.stdin.write(b"expire\n")
        self.child.stdin.flush()
        processes.wait_until(lambda: self.child.log.read_bytes()[before:].endswith(b"expired\n"), self.child, 15)


class Moto:
    def __init__(self, program, folder, web):
        self.program, self.folder, self.web = program, folder, web
        self.url = f"http://127.0.0.1:{web.port['MOTO_PORT']}"
        self.child = None

    def start(self):
        """Starts it and comes back at once: it takes a while."""
        self.folder.mkdir(parents=True)
        argv = [self.program, "-H", "127.0.0.1", "-p", str(self.web.port["MOTO_BACKEND"])]
        self.child = processes.start("moto", argv, self.folder / "moto.log")

    def wait(self):
        backend = f"http://127.0.0.1:{self.web.port['MOTO_BACKEND']}/moto-api/"
        processes.wait_until(lambda: processes.answers(backend), self.child, 60)
