"""Commands and starts of the agent, each with one allocation that fails; a sample of them, or all."""

import pathlib
import re
import tempfile

from lab.agent import Agent, run
from lab.allocations import Allocations
from lab.pki import bcrypt
from lab.secured import basic
from lab.sockets import listener
from lab.waiting import PATIENCE, until

UNDETERMINED = 3
PORT = 7777
ALICE = basic("alice", "x")
MESSAGE = "Error: listen EADDRINUSE: address already in use :::7777"
# --exhaustion looks for a second how fast ports are taken: the fewer of them the better.
SLOW = 10
COMMANDS = ((("why", "8080"), 1), (("why", str(PORT)), 1), (("why", "--json", str(PORT)), 1), (("ports",), 1),
            (("ports", "--all", "--json"), 1), (("why", "--message", MESSAGE), 1), (("why", "--exhaustion"), SLOW),
            (("wait", "--timeout=1ms", str(PORT)), 1))
_WORDS = re.compile(r'"verdict":"(\w+)"|(?:^| )(?:is )?(free|reusable|held)\b')


def sample(count, most):
    """Numbers from 1 to count, evenly; the first and the last are among them."""
    steps = max(1, min(count, most) - 1)
    return sorted({1 + i * (count - 1) // steps for i in range(steps + 1)})


def verdicts(text):
    """The words that decide, in their order."""
    return [json or words for json, words in _WORDS.findall(text)]


def check_command(case, allocations, arguments, most):
    """The same verdicts as ever, or code 3 with one line and nothing said on standard output."""
    allocations.begin()
    right = run(*arguments, env=allocations.env)
    for number in sample(allocations.made, most):
        allocations.begin(number)
        with case.subTest(arguments=arguments, number=number):
            said = run(*arguments, env=allocations.env, seconds=PATIENCE)
            case.assertEqual(allocations.failed, allocations.made >= number)
            if said.code == UNDETERMINED:
                case.assertEqual((said.out, said.err.count("\n")), ("", 1), said)
            else:
                case.assertEqual((said.code, verdicts(said.out)), (right.code, verdicts(right.out)), said)


def check_commands(case, most=1 << 30):
    """Each of the commands that answer without an agent."""
    allocations = Allocations(case)
    case.addCleanup(listener("127.0.0.1", PORT).close)
    for arguments, share in COMMANDS:
        check_command(case, allocations, arguments, -(-most // share))


class Start:
    """An agent with all that it can read at its start, except TLS: libtasn1 (4.19) and GMP (6.2) end the process when
    one of their own allocations fails, whatever their caller does."""

    def __init__(self, case):
        room = pathlib.Path(case.enterContext(tempfile.TemporaryDirectory()))
        self.allocations = Allocations(case)
        self.file = room / "tidewait.yml"
        (room / "web.yml").write_text(f"basic_auth_users:\n  alice: {bcrypt('x')}\n", encoding="ascii")
        self.file.write_text(f"watch: [8080=free, udp:53]\nweb.allowed-host: example.org\n"
                             f"web.config.file: {room / 'web.yml'}\n", encoding="ascii")
        with self.agent() as agent:
            self.wait_ready(agent)
            self.made = self.allocations.made

    def agent(self, number=0):
        """Started; it may have ended."""
        self.allocations.begin(number)
        return Agent(f"--config.file={self.file}", ready=False, env=self.allocations.env)

    @staticmethod
    def wait_ready(agent):
        """As it is in the end, even when the failure met the answer to the first who asked."""
        def is_ready():
            try:
                return agent.get("/readyz", headers=ALICE).status == 200
            except OSError:
                return False
        until(is_ready, "the agent is ready")

    def check(self, case, number):
        """It starts and gets ready, or it says in one line why it does not."""
        try:
            agent = self.agent(number)
        except AssertionError as refusal:
            code, _, log = str(refusal).removeprefix("the agent ended with ").partition(":\n")
            case.assertIn(code, ("2", "3"), refusal)
            case.assertRegex(log.splitlines()[-1], r"^tidewait: .")
            return
        with agent:
            self.wait_ready(agent)
            case.assertNotRegex(agent.log(), "(?m)^tidewait: ")


def check_starts(case, most=1 << 30):
    """Each allocation from main() to the first 200 of /readyz."""
    start = Start(case)
    for number in sample(start.made, most):
        with case.subTest(number=number):
            start.check(case, number)
            case.assertEqual(start.allocations.failed, start.allocations.made >= number)


def check_checks(case, most=1 << 30):
    """Each allocation of `serve --check-config`."""
    start = Start(case)
    arguments = ("serve", "--check-config", f"--config.file={start.file}")
    start.allocations.begin()
    right = run(*arguments, env=start.allocations.env)
    case.assertEqual(right.code, 0, right)
    for number in sample(start.allocations.made, most):
        start.allocations.begin(number)
        with case.subTest(number=number):
            said = run(*arguments, env=start.allocations.env, seconds=PATIENCE)
            if said.code == 0:
                case.assertEqual(said.out, right.out)
            else:
                case.assertIn(said.code, (2, UNDETERMINED), said)
                case.assertEqual((said.out, said.err.count("\n")), ("", 1), said)
