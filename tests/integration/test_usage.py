"""What makes no sense is refused: exit 2, one line that shows the right form, and nothing starts."""

import unittest

from lab import sockets
from lab.agent import Agent, run
from lab.suite import main

# Arguments of `tidewait serve`, and what the line must say: what is wrong, and what would be right.
WRONG_FLAGS = (
    (["--no-such-flag"], r"--no-such-flag.*tidewait help serve"),
    (["8080"], r"8080.*tidewait help serve"),
    (["-v"], r"-v.*tidewait help serve"),
    (["--"], r"tidewait help serve"),
    (["--interval"], r"--interval needs a value"),
    (["--interval="], r"duration.*5s"),
    (["--interval=5"], r"duration.*5s"),
    (["--interval=5 s"], r"duration.*5s"),
    (["--interval=-5s"], r"duration.*5s"),
    (["--interval=1s1s"], r"duration.*5s"),
    (["--interval=49ms"], r"50ms to 50s"),
    (["--interval=51s"], r"50ms to 50s"),
    (["--interval=1s", "--interval=2s"], r"twice"),
    (["--probe-interval=0"], r"50ms"),
    (["--probe=hard"], r"gentle or off"),
    (["--cpu-budget=2"], r"1%"),
    (["--cpu-budget=0%"], r"1%"),
    (["--cpu-budget=101%"], r"1%"),
    (["--history=59s"], r"1m to 1w, or 0"),
    (["--history=8d"], r"1m to 1w, or 0"),
    (["--history=off"], r"duration"),
    (["--max-ports=0"], r"1 to 65535"),
    (["--max-ports=many"], r"1 to 65535"),
    (["--max-ports=65536"], r"1 to 65535"),
    (["--log.level=loud"], r"debug, info, warn or error"),
    (["--log.format=xml"], r"logfmt or json"),
    (["--owners=yes"], r"--owners or --no-owners"),
    (["--no-interval"], r"--no-interval"),
    (["--web.telemetry-path=metrics"], r"/metrics"),
    (["--web.telemetry-path=/"], r"/metrics"),
    (["--web.telemetry-path=/api/v1/ports"], r"/metrics"),
    (["--web.telemetry-path=/healthz"], r"/metrics"),
    (["--web.telemetry-path=/readyz"], r"/metrics"),
    (["--web.listen-address=10098"], r"127\.0\.0\.1:10098"),
    (["--web.listen-address=localhost:10098"], r"127\.0\.0\.1"),
    (["--web.listen-address=127.0.0.1:65536"], r"127\.0\.0\.1:10098"),
    (["--web.listen-address=127.0.0.1:"], r"127\.0\.0\.1:10098"),
    (["--web.listen-address=::1:10098"], r"\[::1\]:10098"),
    (["--watch=8080=open"], r"8080=listening or 8080=free"),
    (["--watch=8001-8300"], r"--max-ports.*300"),
)

# Endpoints of contract section 1 that are none.
WRONG_ENDPOINTS = ("", "0", "65536", "8080-", "-8080", "8010-8000", "0-10", "8080-65536", "localhost:80", "example.org:80",
                   "::1:80", "[::1]", "[::1:80", "::", "sctp:80", "80/sctp", "tcp:80/udp", "1.2.3:80", "256.0.0.1:80",
                   " 8080", "8080 ", "+8080", "0x50", "8080,", "fe80::1:80")
RIGHT_ENDPOINTS = ("8080", ":8080", "udp:53", "53/udp", "127.0.0.1:5432", "[::1]:8080", "tcp:[::]:443", "8000-8010", "*:80",
                   "8080/tcp", "tcp:8080", "8080=free", "127.0.0.1:8000-8002=listening")

WRONG_VARIABLES = (
    ("TIDEWAIT_INTERVAL", "soon", r"TIDEWAIT_INTERVAL.*duration.*5s"),
    ("TIDEWAIT_INTERVAL", "", r"TIDEWAIT_INTERVAL.*duration.*5s"),
    ("TIDEWAIT_OWNERS", "yes", r"TIDEWAIT_OWNERS.*true.*false"),
    ("TIDEWAIT_WATCH_LISTENERS", "1", r"TIDEWAIT_WATCH_LISTENERS.*true.*false"),
    ("TIDEWAIT_WATCH", "8080,localhost:80", r"TIDEWAIT_WATCH.*localhost"),
    ("TIDEWAIT_WATCH", "8080,", r"TIDEWAIT_WATCH"),
    ("TIDEWAIT_WEB_LISTEN_ADDRESS", "10098", r"TIDEWAIT_WEB_LISTEN_ADDRESS.*127\.0\.0\.1:10098"),
    ("TIDEWAIT_MAX_PORTS", "-1", r"TIDEWAIT_MAX_PORTS.*1 to 65535"),
    ("TIDEWAIT_LOG_FORMAT", "JSON", r"TIDEWAIT_LOG_FORMAT.*logfmt or json"),
)


class Usage(unittest.TestCase):
    def check_refused(self, arguments, says, **options):
        outcome = run(*arguments, **options)
        self.assertEqual((outcome.code, outcome.out), (2, ""), outcome)
        self.assertRegex(outcome.err, r"\Atidewait: [^\n]+\n\Z")
        self.assertRegex(outcome.err, says)

    def test_wrong_flags(self):
        for flags, says in WRONG_FLAGS:
            with self.subTest(flags=flags):
                self.check_refused(["serve", *flags], says)

    def test_wrong_endpoints(self):
        for endpoint in WRONG_ENDPOINTS:
            with self.subTest(endpoint=endpoint):
                self.check_refused(["serve", f"--watch={endpoint}"], r"--watch: .*(as in|give) ?.*[0-9]")

    def test_right_endpoints(self):
        for endpoint in RIGHT_ENDPOINTS:
            with self.subTest(endpoint=endpoint):
                outcome = run("serve", "--check-config", f"--watch={endpoint}")
                self.assertEqual((outcome.code, outcome.err), (0, ""))

    def test_wrong_variables(self):
        for name, value, says in WRONG_VARIABLES:
            with self.subTest(name=name, value=value):
                self.check_refused(["serve"], says, env={name: value})

    def test_wrong_settings_are_found_before_anything_is_opened(self):
        with sockets.listener("127.0.0.1", 7001):
            self.check_refused(["serve", "--web.listen-address=127.0.0.1:7001", "--interval=never"], r"duration")

    def test_check_config_only_checks(self):
        with sockets.listener("127.0.0.1", 7001):
            outcome = run("serve", "--check-config", "--web.listen-address=127.0.0.1:7001")
            self.assertEqual((outcome.code, outcome.err), (0, ""))
        self.check_refused(["serve", "--check-config", "--interval=never"], r"duration")

    def test_wrong_commands(self):
        self.check_refused([], r"tidewait help")
        self.check_refused(["sevre"], r"sevre.*tidewait help")
        self.check_refused([""], r"tidewait help")
        self.check_refused(["help", "sevre"], r"sevre.*tidewait help")
        self.check_refused(["help", "serve", "ports"], r"help")
        self.check_refused(["ports", "--every"], r"--all.*--json")
        self.check_refused(["ports", "8080"], r"--all.*--json")
        self.check_refused(["version", "8080"], r"version")

    def test_help_is_an_answer(self):
        for arguments in (["help"], ["--help"], ["help", "serve"], ["help", "ports"], ["serve", "--help"],
                          ["ports", "--help"]):
            with self.subTest(arguments=arguments):
                outcome = run(*arguments)
                self.assertEqual((outcome.code, outcome.err), (0, ""))
                self.assertIn("tidewait", outcome.out)
                self.assertLessEqual(max(map(len, outcome.out.splitlines())), 120)
        self.assertRegex(run("help", "serve").out, r"--interval DURATION\n.*default 5s.*\n.*TIDEWAIT_INTERVAL")

    def test_version_is_an_answer(self):
        outcome = run("--version")
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        self.assertRegex(outcome.out, r"\Atidewait \d+\.\d+\.\d+ \(.+, libmicrohttpd .+\)\n\Z")

    def test_what_could_not_be_written_is_not_answered(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            for arguments in (["help"], ["--version"], ["ports"]):
                with self.subTest(arguments=arguments):
                    outcome = run(*arguments, stdout=full)
                    self.assertEqual(outcome.code, 3)

    def test_a_flag_beats_its_variable(self):
        with Agent("--interval=7s", quick=False, env={"TIDEWAIT_INTERVAL": "20s", "TIDEWAIT_CPU_BUDGET": "100%"}) as agent:
            self.assertEqual(agent.metrics().value("tidewait_interval_seconds"), 7)

    def test_a_variable_beats_the_default(self):
        variables = {"TIDEWAIT_WATCH": "8001,8002=free", "TIDEWAIT_WATCH_LISTENERS": "false"}
        with Agent(env=variables) as agent:
            ports = agent.json("/api/v1/ports")["ports"]
        self.assertEqual([(port["endpoint"]["port"], port["expected"]) for port in ports], [(8001, None), (8002, "free")])

    def test_a_repeatable_flag_replaces_its_variable(self):
        with Agent("--no-watch-listeners", "--watch=8003", env={"TIDEWAIT_WATCH": "8001,8002"}) as agent:
            ports = agent.json("/api/v1/ports")["ports"]
        self.assertEqual([port["endpoint"]["port"] for port in ports], [8003])


if __name__ == "__main__":
    main()
