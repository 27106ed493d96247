"""The manual page and the completion know exactly the commands and flags that the command itself knows."""

import pathlib
import re
import shutil
import subprocess
import unittest

from lab.agent import BINARY, run
from lab.suite import main

DEPLOY = pathlib.Path(__file__).parents[2] / "deploy"
MANUAL = DEPLOY / "man" / "tidewait.1"
COMPLETION = DEPLOY / "completion" / "tidewait.bash"
EXIT_CODES = ["0", "1", "2", "3", "4", "130"]
# `tidewait help serve` lists the flags of the agent; the manual only says so.
WITHOUT_FLAGS_IN_THE_MANUAL = {"serve"}


def commands():
    """As `tidewait help` lists them."""
    return re.findall(r"^  tidewait ([a-z]+)\b", run("help").out, re.MULTILINE)


def flags_of(command):
    """As `tidewait help COMMAND` lists them; one that can be switched off counts as two."""
    listed = re.findall(r"^  (--?(?:\[no-\])?[a-z][a-z.-]*)", run("help", command).out, re.MULTILINE)
    flags = {flag.replace("[no-]", "") for flag in listed}
    return flags | {flag.replace("[no-]", "no-") for flag in listed}


class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = MANUAL.read_text(encoding="utf-8")
        cls.synopsis = re.search(r"^\.Sh SYNOPSIS\n(.*?)^\.Sh ", cls.text, re.MULTILINE | re.DOTALL).group(1)
        described = re.search(r"^\.Sh COMMANDS\n(.*?)^\.Sh ", cls.text, re.MULTILINE | re.DOTALL).group(1)
        sections = re.split(r"^\.Ss (\S+)\n", described, flags=re.MULTILINE)
        cls.sections = dict(zip(sections[1::2], sections[2::2]))

    @staticmethod
    def flags_in(text):
        """`.Fl v` is -v, `.Fl -json` is --json."""
        return {f"-{flag}" for flag in re.findall(r"\bFl (-?[a-z][a-z.-]*)", text)}

    def uses(self, command):
        """The lines of the synopsis that are about it."""
        return "".join(use for use in self.synopsis.split(".Nm\n") if use.startswith(f".Cm {command}\n"))

    def test_every_command_is_described_and_no_other(self):
        known = set(commands())
        self.assertGreater(len(known), 5)
        self.assertIn("Fl -version", self.synopsis)
        self.assertEqual(set(self.sections), known - {"version"})
        self.assertEqual(set(re.findall(r"^\.Cm ([a-z]+)$", self.synopsis, re.MULTILINE)), known - {"version"})

    def test_every_flag_is_described_and_no_other(self):
        for command in set(commands()) - WITHOUT_FLAGS_IN_THE_MANUAL - {"version"}:
            with self.subTest(command=command):
                described = re.findall(r"^\.It (Fl .*)$", self.sections[command], re.MULTILINE)
                self.assertEqual(self.flags_in("\n".join(described)), flags_of(command))
                self.assertEqual(self.flags_in(self.uses(command)), flags_of(command))

    def test_flags_of_the_agent_that_are_mentioned_exist(self):
        examples = re.findall(r"^\.Dl [$#] tidewait serve (.*)$", self.text, re.MULTILINE)
        mentioned = {flag for example in examples for flag in re.findall(r"--[a-z.-]+", example)}
        self.assertTrue(mentioned)
        self.assertLessEqual(mentioned, flags_of("serve"))

    def test_every_exit_code_is_described(self):
        section = re.search(r"^\.Sh EXIT STATUS\n(.*?)^\.El", self.text, re.MULTILINE | re.DOTALL).group(1)
        self.assertEqual(re.findall(r"^\.It (\d+)$", section, re.MULTILINE), EXIT_CODES)

    def test_mandoc_finds_nothing_to_say(self):
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed")
        done = subprocess.run(["mandoc", "-T", "lint", str(MANUAL)], capture_output=True, text=True, check=False)
        # On standard error it complains of its own database; whether other pages are installed here is no matter.
        said = [line for line in done.stdout.splitlines() if "referenced manual not found: Xr" not in line]
        self.assertEqual(said, [])


class Completion(unittest.TestCase):
    def bash(self, script, *arguments):
        """The lines that it prints after reading the completion."""
        command = ["bash", "-euc", f'source "$0"; {script}', str(COMPLETION), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return [line for line in done.stdout.splitlines() if line]

    def complete(self, *words):
        """What is offered for the last word."""
        return self.bash('COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _tidewait "$1"; printf "%s\\n" "${COMPREPLY[@]}"',
                         BINARY, *words)

    def test_it_is_registered(self):
        self.assertEqual(self.bash("complete -p tidewait"), ["complete -F _tidewait tidewait"])

    def test_commands(self):
        self.assertEqual(self.complete(""), commands())
        self.assertEqual(self.complete("w"), [command for command in commands() if command.startswith("w")])
        self.assertEqual(self.complete("help", ""), commands())
        self.assertEqual(self.complete("sevre"), [])

    def test_flags(self):
        for command in commands():
            with self.subTest(command=command):
                self.assertEqual(set(self.complete(command, "-")), flags_of(command))
                self.assertEqual(set(self.complete(command, "8080", "--")), flags_of(command) - {"-v"})

    def test_values(self):
        self.assertEqual(self.complete("wait", "8080", "--for", ""), ["free", "listening"])
        self.assertEqual(self.complete("wait", "--for", "l"), ["listening"])
        self.assertEqual(self.complete("serve", "--log.level", "d"), ["debug"])


if __name__ == "__main__":
    main()
