"""A phone with codes. Run with its secret it prints the code of now, or of the next half minute where this one ends soon."""

import pathlib
import sys
import time


def command(secret):
    """What prints the code of a device, as `profiles.yaml` takes it."""
    return {"command": [sys.executable, "-B", str(pathlib.Path(__file__).resolve()), secret], "unattended": True}


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

    from harness.keycloak import code

    if time.time() % 30 > 27:
        time.sleep(3.1)
    print(code(sys.argv[1]))
