"""Starts servers, knows each by its id, and ends them all, come what may."""

import atexit
import os
import pathlib
import random
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request


class NotReady(Exception):
    """A server that did not come up, with the end of its log."""


_running = []


def start(name, argv, log, env=None, stdin=subprocess.DEVNULL, cwd=None):
    """Starts one server in a session of its own; its words go to `log`."""
    with open(log, "ab") as out:
        child = subprocess.Popen(
            argv, stdin=stdin, stdout=out, stderr=subprocess.STDOUT, env=env, cwd=cwd, start_new_session=True
        )
    child.name, child.log = name, pathlib.Path(log)
    _running.append(child)
    return child


def stop(child):
    """Ends one server and what it started."""
    for sign, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        try:
            os.killpg(child.pid, sign)
        except ProcessLookupError:
            break
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    child.poll()
    if child in _running:
        _running.remove(child)


def stop_all():
    for child in reversed(list(_running)):
        stop(child)


def wait_until(ready, child, patience):
    """Waits until `ready()` is true, `child` has died, or `patience` seconds are over."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if child.poll() is not None:
            raise NotReady(f"{child.name} ended with {child.returncode}\n{tail(child.log)}")
        if ready():
            return
        time.sleep(0.1)
    raise NotReady(f"{child.name} was not ready in {patience} s\n{tail(child.log)}")


def answers(url, ca=None):
    """Whether something speaks HTTP at this address (4xx counts, 5xx does not)."""
    context = ssl.create_default_context(cafile=ca) if ca else None
    try:
        direct = urllib.request.ProxyHandler({})
        handlers = [direct] + ([urllib.request.HTTPSHandler(context=context)] if context else [])
        urllib.request.build_opener(*handlers).open(url, timeout=5).close()
        return True
    except urllib.error.HTTPError as answer:
        return answer.code < 500
    except OSError:
        return False


def listens(port):
    """Whether somebody takes connections at this port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
        return True
    except OSError:
        return False


def free_ports(count):
    """Ports of loopback that nobody uses now, from below those that connections get, so that they stay free."""
    free = []
    while len(free) < count:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in free:
            free.append(port)
    return free


def tail(path, lines=15):
    try:
        text = pathlib.Path(path).read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def _ended_by_signal(number, _frame):
    raise SystemExit(128 + number)


atexit.register(stop_all)
# What is ignored here would be ignored by every program that is tried, Ctrl-C above all.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGTERM, _ended_by_signal)
signal.signal(signal.SIGHUP, _ended_by_signal)
