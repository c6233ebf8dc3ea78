"""What a container sees of a person's `~/.aws`: a bind mount, in a mount namespace of its own. It needs root."""

import json
import os
import pathlib
import select
import subprocess
import tempfile

from .web import HERE

# As `docker run --volume SOURCE:TARGET:ro` mounts: read-only holds for the mount, not for what is mounted.
READ_ONLY = 'mount --bind "$1" "$2"; mount -o remount,bind,ro "$2"; if [ -w "$2" ]; then exit 90; fi; shift 2; exec "$@"'
WRITABLE = 'mount --bind "$1" "$2"; shift 2; exec "$@"'


def mounted(source, target, how=READ_ONLY):
    """The start of a command line: what follows it runs where `source` is mounted at `target`."""
    return ["unshare", "-m", "sh", "-ec", how, "sh", str(source), str(target)]


class Collector:
    """A program in a container, started once, that asks STS about several profiles whenever it is told to."""

    def __init__(self, person, profiles, place):
        """`place` of the person's home is mounted at the same place of the container's."""
        home, source = pathlib.Path(tempfile.mkdtemp(dir=person.home)), person.home / "home" / place
        target = home / place
        (target if source.is_dir() else target.parent).mkdir(parents=True)
        if source.is_file():
            target.touch()
        clients = person.world.clients
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL_STS": person.sts.url,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.log = home / "log"
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(
                [*mounted(source, target), clients.argv["boto3"][0], HERE / "clients/collector.py", *profiles],
                env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0,
            )

    def round(self):
        """What it is told now, `new` and `held`, by profile."""
        line = b""
        try:
            self.child.stdin.write(b"\n")
            if select.select([self.child.stdout], [], [], 60)[0]:
                line = self.child.stdout.readline()
        except BrokenPipeError:
            pass
        if not line.endswith(b"\n"):
            raise AssertionError(f"no answer from the collector:\n{self.log.read_text()}")
        return json.loads(line)

    def stop(self):
        self.child.kill()
        self.child.communicate()
