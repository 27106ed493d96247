"""What the running agent may still do: the capabilities that its options need and no other, as the user that it was told
to become; what it cannot find out therefore, it says."""

import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

from lab.agent import Agent, run
from lab.kernel import get_sysctl, set_sysctl
from lab.nobody import UID, Nobody
from lab.suite import main

FILTERED = os.environ["TIDEWAIT_FILTERED"] == "true"
CAPABILITIES = {"CAP_DAC_READ_SEARCH": 2, "CAP_SETPCAP": 8, "CAP_NET_BIND_SERVICE": 10, "CAP_SYS_PTRACE": 19,
                "CAP_SYS_ADMIN": 21}
OWNERS = {"CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"}
BINDS = {"CAP_NET_BIND_SERVICE"}
NO_OWNERS = "owners of other users and privileged processes: needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
NO_BINDS = "test-binds below ip_unprivileged_port_start: needs CAP_NET_BIND_SERVICE"
SEEN_ONLY = ("--no-owners", "--probe=off")
USAGE, UNDETERMINED = 2, 3
SELF = pathlib.Path("/proc/self")


def status_of(task):
    """The fields of /proc/…/status."""
    lines = (task / "status").read_text(encoding="ascii", errors="replace").splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def tasks(agent):
    """The status of each thread."""
    return [status_of(task) for task in pathlib.Path(f"/proc/{agent.process.pid}/task").iterdir()]


def mask(names):
    return sum(1 << CAPABILITIES[name] for name in names)


class Sandboxed(unittest.TestCase):
    """Checks that hold whoever the agent is."""

    def check(self, agent, kept, uid, unknown=(), bounds=0):
        for status in tasks(agent):
            sets = {name: int(status[name][0], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb", "CapBnd")}
            self.assertEqual(sets, {"CapPrm": mask(kept), "CapEff": mask(kept), "CapInh": 0, "CapAmb": 0, "CapBnd": bounds})
            self.assertEqual(status["NoNewPrivs"], ["1"])
            if FILTERED:
                self.assertEqual(status["Seccomp"], ["2"])
            self.assertEqual(status["Uid"], [str(uid)] * 4)
        told = agent.json("/api/v1/report")["agent"]["sandbox"]
        self.assertEqual(set(told.pop("capabilities")), set(kept))
        self.assertEqual(told, {"state": "on", "uid": uid, "seccomp": "on" if FILTERED else "off",
                                "unknown": list(unknown)})
        said = self.sandbox_line(agent)
        self.assertIn(f" state=on uid={uid} ", said)
        for word in (*kept, *unknown):
            self.assertIn(word, said)

    def sandbox_line(self, agent):
        (line,) = [line for line in agent.log().splitlines() if " msg=sandbox " in line]
        return line


class AsRoot(Sandboxed):
    @classmethod
    def setUpClass(cls):
        lacking = [name for name in CAPABILITIES if not mask([name]) & int(status_of(SELF)["CapEff"][0], 16)]
        if os.geteuid() != 0 or lacking:
            raise unittest.SkipTest(f"takes root with {', '.join(CAPABILITIES)}")
        Nobody(cls)
        cls.addClassCleanup(set_sysctl, "ipv4.ip_unprivileged_port_start",
                            *get_sysctl("ipv4.ip_unprivileged_port_start"))
        set_sysctl("ipv4.ip_unprivileged_port_start", 1024)

    def check_flags(self, flags, kept):
        for user, uid in ((), os.geteuid()), (("--user=nobody",), UID), ((f"--user={UID}",), UID):
            with self.subTest(flags=flags, user=user), Agent(*flags, *user) as agent:
                self.check(agent, kept, uid)
                self.assertEqual("--user USER" in self.sandbox_line(agent), not user)
                if user:
                    for status in tasks(agent):
                        self.assertEqual(status["Gid"], [str(UID)] * 4)
                        self.assertEqual(status["Groups"], [])

    def test_owners_and_test_binds_of_whatever_listens(self):
        self.check_flags((), OWNERS | BINDS)

    def test_nothing_but_the_sockets(self):
        self.check_flags(SEEN_ONLY, set())

    def test_other_namespaces_without_owners(self):
        enter, find = {"CAP_SYS_ADMIN"}, {"CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"}
        self.check_flags((*SEEN_ONLY, "--netns=/nowhere"), enter)
        self.check_flags((*SEEN_ONLY, f"--netns=/proc/{os.getpid()}/ns/net"), enter | find)

    def test_test_binds_without_owners(self):
        self.check_flags(("--no-owners",), BINDS)

    def test_owners_without_test_binds(self):
        self.check_flags(("--probe=off",), OWNERS)

    def test_no_port_below_1024_is_tracked(self):
        self.check_flags(("--no-owners", "--no-watch-listeners", "--watch=1024"), set())

    def test_one_port_below_1024_is_watched(self):
        self.check_flags(("--no-owners", "--no-watch-listeners", "--watch=1023"), BINDS)

    def test_every_port_is_anybodys(self):
        self.addCleanup(set_sysctl, "ipv4.ip_unprivileged_port_start", 1024)
        set_sysctl("ipv4.ip_unprivileged_port_start", 0)
        self.check_flags(("--no-owners",), set())

    def test_owners_are_named_and_low_ports_bound_by_an_ordinary_user(self):
        with socket.create_server(("127.0.0.1", 8080)), Agent("--user=nobody", "--watch=80", "--watch=8080") as agent:
            (holder,) = agent.verdict(8080)["holders"]
            self.assertEqual([owner["pid"] for owner in holder["owners"]], [os.getpid()])
            binds = agent.verdict(80)["binds"]
            self.assertEqual({bind["result"] for bind in binds}, {"ok"})
            self.assertIn("performed", {bind["how"] for bind in binds})

    def test_it_listens_below_1024_before_it_becomes_the_user(self):
        with Agent(*SEEN_ONLY, "--user=nobody", listen="127.0.0.1:81") as agent:
            self.assertTrue(agent.url.endswith(":81"), agent.url)
            self.check(agent, (), UID)

    def test_a_bounding_set_that_cannot_be_emptied_stays(self):
        command = ("setpriv", "--bounding-set=-setpcap")
        bounds = subprocess.run([*command, "grep", "CapBnd", "/proc/self/status"], check=True, capture_output=True,
                                text=True).stdout.split()[1]
        with Agent(*SEEN_ONLY, through=command) as agent:
            self.check(agent, (), 0, bounds=int(bounds, 16))

    def test_without_the_sandbox_nothing_is_given_up_and_that_is_said_loudly(self):
        with Agent("--sandbox=off") as agent:
            for status in tasks(agent):
                self.assertEqual(status["CapEff"], status_of(SELF)["CapEff"])
                self.assertEqual(status["NoNewPrivs"], ["0"])
            self.assertEqual(agent.json("/api/v1/report")["agent"]["sandbox"], {"state": "off"})
            self.assertRegex(self.sandbox_line(agent), r" level=warn msg=sandbox state=off hint=.*debugging")

    def test_a_file_that_the_user_cannot_read_again(self):
        with tempfile.NamedTemporaryFile(suffix=".yml") as settings, tempfile.NamedTemporaryFile(suffix=".yml") as web:
            web.write(b"{}")
            web.flush()
            flags = ("--no-owners", f"--config.file={settings.name}", f"--web.config.file={web.name}")
            with Agent(*flags, "--user=nobody") as agent:
                for file in (settings, web):
                    self.assertIn(f'level=warn msg="file cannot be read again" file={file.name} ', agent.log())
            with Agent(*flags) as agent:
                self.assertNotIn("read again", agent.log())


class AsNobody(Sandboxed):
    @classmethod
    def setUpClass(cls):
        cls.nobody = Nobody(cls)

    def start(self, *flags, capabilities=()):
        return Agent(*flags, through=self.nobody.become(*capabilities), binary=self.nobody.binary)

    def bounds(self):
        return int(status_of(SELF)["CapBnd"][0], 16)

    def test_it_says_what_it_cannot_find_out(self):
        with self.start() as agent:
            self.check(agent, (), UID, unknown=[NO_OWNERS, NO_BINDS], bounds=self.bounds())

    def test_what_no_option_needs_is_not_missed(self):
        with self.start(*SEEN_ONLY) as agent:
            self.check(agent, (), UID, bounds=self.bounds())

    def test_capabilities_that_it_was_given(self):
        with self.start("--watch=80", capabilities=["net_bind_service"]) as agent:
            self.check(agent, BINDS, UID, unknown=[NO_OWNERS], bounds=self.bounds())
            self.assertEqual({bind["result"] for bind in agent.verdict(80)["binds"]}, {"ok"})

    def test_capabilities_that_no_option_needs_are_given_up(self):
        with self.start(*SEEN_ONLY, capabilities=["net_admin", "net_bind_service", "sys_ptrace"]) as agent:
            self.check(agent, (), UID, bounds=self.bounds())

    def test_it_cannot_become_somebody_else(self):
        outcome = self.nobody.run("serve", "--web.listen-address=127.0.0.1:0", "--user=root")
        self.assertEqual(outcome.code, UNDETERMINED)
        self.assertEqual(outcome.err.splitlines()[-1],
                         "tidewait: cannot become the user root: that needs CAP_SETUID and CAP_SETGID; start as root, or "
                         "without --user")

    def test_it_may_be_told_to_become_who_it_is(self):
        with self.start(*SEEN_ONLY, f"--user={UID}") as agent:
            self.check(agent, (), UID, bounds=self.bounds())


class InUserNamespace(Sandboxed):
    """Root of a user namespace, as in a rootless container."""

    ENTER = ("unshare", "--user", "--map-root-user")

    @classmethod
    def setUpClass(cls):
        tried = subprocess.run([*cls.ENTER, "true"], stderr=subprocess.PIPE, text=True, check=False)
        if tried.returncode != 0:
            raise unittest.SkipTest(f"no user namespace can be made here: {tried.stderr.strip()}")

    def test_it_keeps_what_its_options_need_there(self):
        with Agent(through=self.ENTER) as agent:
            told = agent.json("/api/v1/report")["agent"]["sandbox"]
            self.assertEqual((told["uid"], set(told["capabilities"])), (0, OWNERS | BINDS))
            for status in tasks(agent):
                self.assertEqual(int(status["CapEff"][0], 16), mask(OWNERS | BINDS))
                self.assertEqual(int(status["CapBnd"][0], 16), 0)

    def test_a_user_that_does_not_exist_there(self):
        outcome = run("serve", "--web.listen-address=127.0.0.1:0", f"--user={UID}", through=self.ENTER)
        self.assertEqual(outcome.code, USAGE)
        self.assertEqual(outcome.err.splitlines()[-1],
                         f"tidewait: the user {UID} (uid {UID}, gid {UID}) does not exist in this user namespace")


class Refusals(unittest.TestCase):
    def check_usage(self, *flags, reason):
        outcome = run("serve", "--web.listen-address=127.0.0.1:0", *flags)
        self.assertEqual((outcome.code, outcome.out), (USAGE, ""))
        self.assertIn(reason, outcome.err)

    def test_an_unknown_user(self):
        self.check_usage("--user=tidewait-nobody-here", reason='tidewait: the user "tidewait-nobody-here" is unknown: '
                         "give one of this machine, or a number\n")

    def test_a_user_without_the_sandbox(self):
        self.check_usage("--user=nobody", "--sandbox=off",
                         reason="tidewait: --user is part of the sandbox: leave out --sandbox off, or --user\n")

    def test_another_word(self):
        self.check_usage("--sandbox=maybe", reason='"maybe" is neither on nor off')


if __name__ == "__main__":
    main()
