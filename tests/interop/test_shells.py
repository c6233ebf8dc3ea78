"""What `mai init` and `mai use` do in real shells, looked at as a terminal shows it. No server is needed."""

import itertools
import unittest

from harness import world
from harness.shell import CTRL_A, CTRL_C, CTRL_E, CTRL_U, Home, Screen, Traced

PROD, DEV = ("prod", 43 * 60 + 30, "c", "prod"), ("dev", 3600 + 330, "d", "dev")
ENVIRONMENTS = [
    {"AWS_PROFILE": profile, "AWS_ACCESS_KEY_ID": key}
    for profile, key in itertools.product(["", "prod", "a%b", "other", "$(touch ran)", "*", "prod dev"], ["", "ASIADEV", "AKIAELSE"])
]
ROWS = [
    [PROD, DEV],
    [("default", 270, "-", "classic"), DEV],
    [("prod", 30, "c", "a/b+c@d:e=f,g-h_i.j"), ("a_b", 360_030, "-", "-")],
    [("prod", -5, "c", "l" * 200), DEV],
    [("prod", 870, "-", "-"), ("prod", 30, "-", "second")],
    [("prod", 570, "-", "$(touch ran)"), ("dev", 570, "d", "`touch ran`")],
    [("prod", 570, "-", "%F{red}%n"), ("dev", 570, "d", "\x1b[31mx")],
    [("prod", 570, "-", "a b"), ("dev", 570, "d", "\\u"), ("$(touch ran)", 570, "d", "x")],
]


class ShellCase(unittest.TestCase):
    """A shell with a home of its own."""

    longMessage = False
    needs_servers = False
    shell = None
    init = None

    def setUp(self):
        here = world.world
        self.home = Home(here.folder / f"shells/{self.id().split('.', 1)[1]}", here.mai, here.node_modules)
        self.home.knows(PROD, DEV)

    def tearDown(self):
        self.assertFalse((self.home.folder / "ran").exists(), "something in a file or a variable acted")

    def opens(self, settings="", options="", env=None, kind=Screen):
        argv = self.home.argv(self.shell, f"{settings}\n{self.init.format(options)}")
        screen = kind(self.home, argv, env)
        self.addCleanup(screen.closes)
        return screen


class Posixlike:
    """What holds in bash, zsh and fish alike. `own` is a prompt of the person that shows `$?`."""

    def test_the_segment_is_colored_and_the_cursor_stands_behind_the_prompt(self):
        screen = self.opens(self.own)
        screen.waits_for("dev 1h05m 0> ")
        self.assertEqual("green", screen.look(0).fg)
        self.assertEqual("default", screen.look(10).fg)
        width = len("dev 1h05m 0> ")
        # A line that wraps, and changes at its beginning: nothing of it is drawn at the wrong place.
        typed = "echo " + "".join(chr(97 + number % 26) for number in range(100))
        screen.types(typed).settles()
        screen.types(CTRL_A).settles()
        self.assertEqual(width, screen.screen.cursor.x, str(screen))
        screen.types("Z").types(CTRL_E).settles()
        shown = "dev 1h05m 0> Z" + typed
        top = screen.screen.cursor.y - 1
        self.assertEqual(shown, screen.screen.display[top] + screen.lines[top + 1], str(screen))
        self.assertEqual(len(shown) - 80, screen.screen.cursor.x, str(screen))
        screen.types(CTRL_U)

    def test_a_critical_profile_is_loud(self):
        screen = self.opens(self.own, env={"AWS_PROFILE": "prod"}).waits_for("*prod 43m 0> ")
        self.assertEqual(("red", True), (screen.look(1).bg, screen.look(1).bold))
        self.assertEqual("default", screen.look(10).bg)

    def test_colors_can_be_declined(self):
        for options, env in (("--color never", {}), ("", {"NO_COLOR": "1"})):
            screen = self.opens(self.own, options, env).waits_for("dev 1h05m 0> ")
            self.assertEqual("default", screen.look(0).fg)

    def test_the_own_prompt_sees_the_exit_status(self):
        screen = self.opens(self.own).waits_for("dev 1h05m 0> ")
        screen.line("false").waits_for("dev 1h05m 1> ")
        screen.line(self.failing).waits_for("dev 1h05m 7> ")
        screen.line("true").waits_for("dev 1h05m 0> ")
        screen.types("tr" + CTRL_C).settles().waits_for("> ")

    def test_it_follows_the_file_and_the_variables(self):
        screen = self.opens(self.own).waits_for("dev 1h05m 0> ")
        self.home.knows(("dev", 270, "d", "dev"))
        screen.line("").waits_for("dev 4m 0> ")
        self.assertEqual(("red", True), (screen.look(0).fg, screen.look(0).bold))
        self.home.knows(("dev", -1, "d", "dev"))
        screen.line("").waits_for("dev expired 0> ")
        screen.line(self.export.format("AWS_ACCESS_KEY_ID", "ASIAOLD")).waits_for("dev other keys exported 0> ")
        screen.line(self.export.format("AWS_PROFILE", "other")).settles()
        self.assertEqual("0> ", screen.before_cursor)
        self.home.sessions.unlink()
        screen.line("").settles()
        self.assertEqual("0> ", screen.before_cursor)

    def test_evaluated_twice_it_stands_there_once(self):
        init = self.init.format("")
        screen = self.opens(f"{self.own}\n{init}\n{init}").waits_for("dev 1h05m 0> ")
        screen.line(init).settles()
        screen.line("").settles()
        self.assertEqual("dev 1h05m 0> ", screen.before_cursor)

    def test_drawing_starts_no_process(self):
        screen = self.opens(self.own, kind=Traced).waits_for("dev 1h05m 0> ")
        self.assertTrue(screen.started(), "strace saw nothing, not even the shell")
        for line in ("", "", "false", "true", ""):
            screen.line(line).settles()
        self.assertEqual([], screen.started(), str(screen))
        self.assertEqual("dev 1h05m 0> ", screen.before_cursor)
        # Elsewhere only `mai` knows where to look, and a process is seen.
        screen.line(self.export.format("XDG_STATE_HOME", self.home.folder / ".local/state")).settles()
        self.assertEqual("dev 1h05m 0> ", screen.before_cursor)
        self.assertTrue(screen.started())

    def test_it_shows_what_mai_prompt_shows(self):
        shown = 0
        contents = []
        for rows in ROWS:
            self.home.knows(*rows)
            contents.append(self.home.sessions.read_bytes())
        good = contents[0]
        contents += [b"", good[:-1], good[:-40], good.replace(b"sessions 1", b"sessions 2"), good.replace(b"\n", b"\r\n")]
        contents += [bytes(range(256)) * 20, good[:15] + bytes(range(256)) * 20, good[:15] + b"\n\n\t\t\n" + good[15:]]
        contents += [good[:15] + b"prod\t08\tk\tf\t-\tr\tl\nx\t$(touch ran)\tk\tf\td\tr\tl\n", good + b"x" * 300_000]
        script = f"{self.init.format('--no-prompt')}\n__mai_segment; echo \"$MAI_PROMPT_STATE $MAI_PROMPT_TEXT\""
        for content, env in itertools.product(contents, ENVIRONMENTS):
            self.home.sessions.write_bytes(content)
            expected = self.home.run("mai", "prompt", "--format", "{state} {mark}{profile} {left}", env=env) or " \n"
            told = self.home.run(*self.runs, script, env=env)
            self.assertEqual(expected, told, f"{env}\n{content[:400]}")
            shown += expected != " \n"
        self.assertGreater(shown, 50)

    def test_what_variables_hold_never_acts(self):
        for value in ("$(touch ran)", "`touch ran`", "a b", "*", "'", '"', "\\", "%F{red}", "-n", "[", "a\nb"):
            env = dict.fromkeys(("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "MAI_PROFILE", "XDG_STATE_HOME"), value)
            screen = self.opens(self.own, env=env).waits_for("> ")
            screen.line("true").settles()
            self.assertEqual("0> ", screen.before_cursor, str(screen))
            self.assertNotIn("dev", screen.text.replace("/dev/", ""))

    def test_mai_use_sets_and_unsets_what_aws_tools_read(self):
        config = self.home.folder / ".config/mai/profiles.yaml"
        config.parent.mkdir(parents=True)
        config.write_text(
            'identity_providers: {corp: {url: "https://login.example.com/start", username: ada}}\n'
            "profiles: {prod: {identity_provider: corp}, live: {identity_provider: corp, aws_profile: acme+live}}\n"
        )
        env = {"AWS_ACCESS_KEY_ID": "AKIAELSE", "AWS_SESSION_TOKEN": "token", "AWS_CREDENTIAL_EXPIRATION": "x"}
        screen = self.opens(self.own, "--use", env).waits_for("dev other keys exported 0> ")
        told = "env | grep ^AWS_ | sort | tr '\\n' ' '"
        screen.line("mai use prod").waits_for("*prod 43m 0> ")
        screen.line(told).settles()
        self.assertIn("AWS_DEFAULT_PROFILE=prod AWS_PROFILE=prod", screen.text)
        self.assertNotIn("AKIA", screen.text)
        screen.line("mai use live").settles()
        self.assertIn("The keys of live are not there yet: mai login live", screen.text)
        screen.line(told).settles()
        self.assertIn("AWS_DEFAULT_PROFILE=acme+live AWS_PROFILE=acme+live", screen.text)
        for name in ("nope", "'$(touch ran)'", "'; touch ran'"):
            screen.line("clear").waits_for("0> ").line(f"mai use {name}").waits_for("2> ")
            self.assertIn("error: there is no profile", screen.text)
        screen.line("clear").waits_for("0> ").line("mai use -").waits_for("dev 1h05m 0> ")
        screen.line(told).settles()
        self.assertNotIn("AWS_PROFILE=", screen.text)
        # All else goes to the program, with what comes through a pipe.
        screen.line("clear").waits_for("0> ").line("mai --version").settles()
        self.assertRegex(screen.text, r"mai \d+\.\d+")
        screen.line("mai use --bogus").waits_for("2> ")


class Bash(Posixlike, ShellCase):
    shell = "bash"
    init = 'eval "$(mai init bash {})"'
    own = "PS1='$?> '"
    failing = "(exit 7)"
    export = "export {}={}"
    runs = ("bash", "--noprofile", "--norc", "-ic")

    def test_what_was_there_before_stays(self):
        for settings in (
            "PROMPT_COMMAND='before=$((before + 1)); '",
            "PROMPT_COMMAND=('before=$((before + 1))' ':')",
            "PROMPT_COMMAND='PS1=\"$?> \"; before=1 # a theme'",
            "shopt -s extglob nullglob failglob nocasematch; set -u; before=1; trap 'before=2' DEBUG",
            "set -o vi; before=1",
            "IFS=:; before=1; LC_ALL=xx_XX 2>/dev/null",
        ):
            screen = self.opens(f"{self.own}\n{settings}").waits_for("dev 1h05m 0> ")
            screen.line("(exit 3)").waits_for("dev 1h05m 3> ")
            screen.line('[ "$before" -gt 0 ] && echo kept').waits_for("dev 1h05m 0> ")
            self.assertIn("\nkept", screen.text, settings)

    def test_where_no_variable_is_expanded_the_prompt_stays_as_it_is(self):
        screen = self.opens("PS1='mine> '; shopt -u promptvars").waits_for("mine> ")
        self.assertEqual("mine> ", screen.line("").settles().before_cursor)

    def test_a_prompt_of_two_lines_keeps_them(self):
        screen = self.opens(r"PS1='\n\[\e]0;title\a\]top\n$?> '").waits_for("0> ")
        self.assertIn("\n\ndev 1h05m top\n0>", "\n\n" + screen.text)

    def test_what_cannot_be_changed_is_said(self):
        screen = self.opens(f"{self.own}; readonly PROMPT_COMMAND=:").waits_for("0> ")
        self.assertIn("PROMPT_COMMAND is read-only here", screen.text)

    def test_strict_settings_do_not_end_it(self):
        screen = self.opens(self.own + "; set -eu").waits_for("dev 1h05m 0> ")
        self.home.sessions.unlink()
        screen.types(CTRL_C).settles()
        self.assertTrue(screen.before_cursor.endswith("> "), str(screen))
        screen.line("true").waits_for("0> ")


class Zsh(Posixlike, ShellCase):
    shell = "zsh"
    init = 'eval "$(mai init zsh {})"'
    own = "setopt rc_quotes; PS1='%?> '"
    failing = "(exit 7)"
    export = "export {}={}"
    runs = ("zsh", "-f", "-ic")

    def test_what_was_there_before_stays(self):
        for settings in (
            "precmd() { before=$((before + 1)); }",
            "precmd_functions=(a b); a() { before=$?; }; b() { [[ $? = $before ]] || PS1='broken'; before=1; }",
            "precmd() { before=1; PROMPT='%?> '; }",
            "setopt prompt_subst ksh_arrays sh_word_split no_unset glob_subst null_glob extended_glob csh_null_glob; before=1",
            "alias local=false typeset=false command=false builtin=false; alias -g text=broken -- left=broken; before=1",
            "setopt warn_create_global warn_nested_var ksh_glob; before=1",
        ):
            screen = self.opens(f"{self.own}\n{settings}").waits_for("dev 1h05m 0> ")
            screen.line("(exit 3)").waits_for("dev 1h05m 3> ")
            screen.line("[ $before -gt 0 ] && echo kept").waits_for("dev 1h05m 0> ")
            self.assertIn("\nkept", screen.text, settings)
            self.assertNotIn("__mai", screen.text, settings)

    def test_a_theme_that_comes_later_is_followed(self):
        later = "theme() { PROMPT='%?>> '; }; precmd_functions+=(theme)"
        screen = self.opens(self.own)
        screen.waits_for("dev 1h05m 0> ").line(later).settles()
        screen.line("").waits_for("dev 1h05m 0>> ")

    def test_whoever_brings_an_old_prompt_back_leaves_no_old_segment(self):
        screen = self.opens(self.own).waits_for("dev 1h05m 0> ")
        # As `activate` of Python and its `deactivate` do.
        screen.line('old=$PS1; PS1="(venv) $PS1"').waits_for("dev 1h05m (venv) 0> ")
        self.home.knows(("dev", 30, "d", "dev"))
        screen.line("").waits_for("dev <1m (venv) 0> ")
        screen.line("PS1=$old").settles()
        self.assertTrue(screen.before_cursor.endswith("dev <1m 0> "), screen.before_cursor)
        self.assertNotIn("1h05m", screen.before_cursor)

    def test_a_prompt_of_two_lines_keeps_them(self):
        screen = self.opens("PS1=$'\\ntop\\n%?> '").waits_for("0> ")
        self.assertIn("\n\ndev 1h05m top\n0>", "\n\n" + screen.text)
        self.home.knows(("dev", 30, "d", "dev"))
        screen.line("").settles()
        self.assertIn("\n\ndev <1m top\n0>", screen.text)

    def test_strict_settings_do_not_end_it(self):
        screen = self.opens(self.own + "; setopt err_exit no_unset").waits_for("dev 1h05m 0> ")
        self.home.sessions.unlink()
        screen.line("true").settles()
        self.assertEqual("0> ", screen.before_cursor)


class Fish(Posixlike, ShellCase):
    shell = "fish"
    init = "mai init fish {} | source"
    own = "function fish_greeting; end; function fish_prompt; echo -n \"$status> \"; end"
    failing = "sh -c 'exit 7'"
    export = "set -gx {} {}"
    runs = ("fish", "--no-config", "-ic")

    def test_what_was_there_before_stays(self):
        for settings, shown in (
            ("function before --on-event fish_prompt; set -g before 1; end", "0> "),
            ("function fish_prompt; set -l first $pipestatus[1]; echo top; echo -n \"$first> \"; end", "0> "),
            ("function fish_right_prompt; echo right; end", "0> "),
        ):
            screen = self.opens(f"{self.own}\n{settings}").settles().waits_for(shown)
            self.assertIn("dev 1h05m ", screen.text, settings)
            screen.line("sh -c 'exit 3' | true").settles()
            self.assertIn("3>" if "pipestatus" in settings else "0>", screen.before_cursor)
            self.assertEqual("right" in settings, "right" in screen.text)

    def test_the_usual_prompt_of_fish_is_kept(self):
        screen = self.opens("function fish_greeting; end").waits_for(("> ", "# ")).settles()
        self.assertRegex(screen.before_cursor, r"^dev 1h05m \w+@\S+ \S+( \(\S+\))?[>#] $")


class Nushell(ShellCase):
    """Nushell cannot draw it by itself; `mai prompt` does."""

    shell = "nu"
    init = ""

    def test_it_shows_the_keys_and_mai_use_works(self):
        code = self.home.run("mai", "init", "nushell", "--use")
        self.assertIn("PROMPT_COMMAND", code)
        own = "$env.config.show_banner = false\n$env.PROMPT_COMMAND = {|| $'($env.LAST_EXIT_CODE)'}\n$env.PROMPT_COMMAND_RIGHT = ''\n"
        screen = self.opens(own + code, env={"XDG_CONFIG_HOME": str(self.home.folder / ".config")})
        screen.waits_for("dev 1h05m 0> ")
        self.assertEqual("green", screen.look(0).fg)
        screen.line("sh -c 'exit 3'").waits_for("dev 1h05m 3> ")
        (self.home.folder / ".aws").mkdir()
        (self.home.folder / ".aws/credentials").write_text("[prod]\n")
        screen.line("$env.AWS_ACCESS_KEY_ID = 'AKIAELSE'").waits_for("dev other keys exported 0> ")
        screen.line("mai use prod").waits_for("*prod 43m 0> ")
        screen.line("mai use '$(touch ran)'").settles()
        self.assertIn("there is no profile", screen.text)
        self.assertIn("*prod 43m ", screen.before_cursor)
        screen.line("clear; mai use").waits_for("dev 1h05m 0> ")
        screen.line("print ($env.AWS_PROFILE? | default 'none left')").settles()
        self.assertIn("\nnone left", screen.text)


class Tmux(ShellCase):
    def test_the_status_line_shows_the_keys(self):
        conf = self.home.folder / "tmux.conf"
        conf.write_text("set -g status-interval 1\nset -g status-right '#(mai prompt --shell tmux) end'\nset -g default-shell /bin/sh\n")
        env = {"TMUX_TMPDIR": str(self.home.folder)}
        screen = Screen(self.home, ["tmux", "-f", str(conf), "new-session"], env)
        self.addCleanup(lambda: (self.home.run("tmux", "kill-server", env=env), screen.closes()))
        for _ in range(40):
            screen.pump(0.25)
            if "dev 1h05m end" in screen.lines[-1]:
                break
        self.assertIn("dev 1h05m end", screen.lines[-1], str(screen))
        self.assertNotIn("#[", screen.text)
        self.assertEqual("green", screen.screen.buffer[23][screen.lines[-1].index("dev")].fg)
