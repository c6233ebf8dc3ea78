"""Interactive shells in a terminal, seen as a person sees them."""

import os
import re
import subprocess
import time

import pexpect
import pyte

COLUMNS, ROWS = 80, 24
CTRL_A, CTRL_C, CTRL_E, CTRL_U, ENTER = "\x01", "\x03", "\x05", "\x15", "\r"
# What starts a process. Threads are clones too, and none.
STARTS = re.compile(r"^\d+ +(execve|fork|vfork|clone|clone3)\((?!.*CLONE_THREAD)", re.M)


class Home:
    """A home folder whose `sessions` the test writes itself."""

    def __init__(self, folder, mai, node_modules):
        self.folder, self.mai, self.node_modules = folder, mai.absolute(), node_modules
        folder.mkdir(parents=True)
        programs = folder / "bin"
        programs.mkdir()
        (programs / "mai").symlink_to(self.mai)
        self.sessions = folder / ".local/state/mai/sessions"
        self.sessions.parent.mkdir(parents=True)
        self.env = {
            "HOME": str(folder),
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }

    def knows(self, *rows):
        """Writes rows of section, seconds left, flags and label; key ids are the sections in capitals."""
        lines = [
            f"{section}\t{int(time.time()) + left}\tASIA{section.upper()}\tf00d\t{flags}\tarn:aws:iam::123456789012:role/R\t{label}\n"
            for section, left, flags, label in rows
        ]
        self.sessions.write_text("mai-sessions 1\n" + "".join(lines))

    def run(self, *argv, env=None):
        """Runs a program without a terminal."""
        child = subprocess.run(
            argv, env=self.env | (env or {}), cwd=self.folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
        )
        return child.stdout

    def argv(self, shell, settings):
        """How this shell starts with these settings alone."""
        files = {
            "bash": (".bashrc", ["bash", "--noprofile", "-i"]),
            "zsh": (".zshrc", ["zsh", "-d", "-i"]),
            "fish": (".config/fish/config.fish", ["fish", "-i"]),
            "nu": ("config.nu", [self.nushell(), "--config", str(self.folder / "config.nu")]),
        }
        name, argv = files[shell]
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(settings + "\n")
        return argv

    def nushell(self):
        found = sorted(self.node_modules.glob("@nushell/*/bin/nu"))
        if not found:
            raise AssertionError(f"there is no nushell below {self.node_modules}")
        return str(found[0])


class Screen:
    """A program in a terminal, and what the terminal shows."""

    def __init__(self, home, argv, env=None):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.Stream(self.screen)
        self.child = pexpect.spawn(
            argv[0], argv[1:], env=home.env | (env or {}), cwd=str(home.folder), encoding="utf-8", codec_errors="replace",
            dimensions=(ROWS, COLUMNS),
        )  # fmt: skip
        # Some shells ask the terminal where its cursor is, and wait.
        self.screen.write_process_input = self.child.send

    def pump(self, seconds):
        """Shows what comes within this time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.stream.feed(self.child.read_nonblocking(65536, 0.05))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                return False
        return True

    def settles(self):
        """Waits until nothing new is shown for a moment."""
        before = None
        while before != self.text:
            before = self.text
            self.pump(0.4)
        return self

    def waits_for(self, text, patience=20):
        """Waits until this stands on the line of the cursor, or right before the cursor if it ends with a blank."""
        end = time.monotonic() + patience
        while not self.before_cursor.endswith(text):
            if time.monotonic() > end or not self.pump(0.1):
                raise AssertionError(f"`{text}` is not before the cursor in\n{self}")
        return self

    def types(self, keys):
        self.child.send(keys)
        return self

    def line(self, text):
        return self.types(text + ENTER)

    @property
    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.lines).rstrip()

    @property
    def before_cursor(self):
        return self.screen.display[self.screen.cursor.y][: self.screen.cursor.x]

    def look(self, column, row=None):
        """How one place on the line of the cursor looks."""
        return self.screen.buffer[self.screen.cursor.y if row is None else row][column]

    def closes(self):
        self.child.close(force=True)

    def __str__(self):
        return f"--- screen, cursor at {self.screen.cursor.y},{self.screen.cursor.x}\n{self.text}\n---"


class Traced(Screen):
    """The same, with every new process noted."""

    def __init__(self, home, argv, env=None):
        self.log = home.folder / "processes"
        super().__init__(home, ["strace", "-f", "-qq", "-e", "trace=process", "-o", str(self.log), "--", *argv], env)
        self.seen = 0

    def started(self):
        """What was started since the last time this was asked."""
        self.settles()
        with open(self.log, errors="replace") as log:
            os.lseek(log.fileno(), self.seen, os.SEEK_SET)
            new = log.read()
        self.seen += len(new.encode())
        return STARTS.findall(new)
