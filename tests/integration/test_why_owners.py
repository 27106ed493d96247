"""Who holds the port: every process that shares the socket, its unit and container, what it is written in; what cannot
be seen, and what would show it; and never its command line."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

from lab import cgroup, sockets
from lab.agent import Agent, run
from lab.nobody import UID, Nobody
from lab.suite import main
from lab.waiting import until
from lab.why import flowing, why

FREE, HELD, REUSABLE = 0, 1, 4
CONTAINER = "0123456789abcdef" * 4
CANARY = "canary-7f3b-that-nobody-must-show"

# Each listens on a free port, says it, takes one connection, stops listening and keeps the connection.
NODE_HOLDER = """
const server = require("net").createServer({allowHalfOpen: true}, () => { server.close(); console.log("kept"); });
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""
JAVA_HOLDER = """
class Holder {
    public static void main(String[] arguments) throws Exception {
        java.net.ServerSocket server = new java.net.ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1"));
        System.out.println(server.getLocalPort());
        java.net.Socket kept = server.accept();
        server.close();
        System.out.println("kept");
        System.in.read();
    }
}
"""
GO_HOLDER = """package main

import ("fmt"; "net"; "os")

func main() {
	server, _ := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println(server.Addr().(*net.TCPAddr).Port)
	kept, _ := server.Accept()
	server.Close()
	fmt.Println("kept")
	os.Stdin.Read(make([]byte, 1))
	kept.Close()
}
"""


def command_name(process):
    """As the kernel has it, once it is not the starter's any more."""
    return pathlib.Path(f"/proc/{process.pid}/comm").read_text(encoding="utf-8").rstrip("\n")


@contextlib.contextmanager
def held_by_cat(held, *through, **options):
    """A process that has this socket open, and no other thing to do."""
    with subprocess.Popen([*through, "cat"], stdin=subprocess.PIPE, pass_fds=[held.fileno()], **options) as process:
        until(lambda: command_name(process) == "cat", "cat runs")
        yield process
        process.stdin.close()


@contextlib.contextmanager
def keeping_a_connection(*command):
    """A holder as above: gives its port."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        try:
            port = int(holder.stdout.readline())
            with socket.create_connection(("127.0.0.1", port)):
                assert holder.stdout.readline() == "kept\n"
                yield port
        finally:
            holder.kill()


class Owners(unittest.TestCase):
    def owners(self, endpoint, code=HELD, **options):
        """Of the first holder, as JSON and text have them."""
        text, verdict = why(self, endpoint, code, **options)
        return text, verdict["holders"][0]["owners"]

    def test_all_that_share_a_listener_are_named(self):
        with sockets.listener("127.0.0.1", 7001) as server, held_by_cat(server) as first, held_by_cat(server) as second:
            text, owners = self.owners("7001")
        sharers = {os.getpid(): "python3", first.pid: "cat", second.pid: "cat"}
        self.assertEqual([(owner["pid"], owner["process"]) for owner in owners], sorted(sharers.items()))
        self.assertIn(" and 2 more", text.headline)

    def test_unit(self):
        name = f"tidewait-test-{os.getpid()}.service"
        with sockets.listener("127.0.0.1", 7002) as server, cgroup.named(name) as join:
            with held_by_cat(server, preexec_fn=join) as process:
                server.close()
                text, owners = self.owners("7002")
        self.assertEqual((owners[0]["unit"], owners[0]["container_id"]), (name, None))
        self.assertEqual(text.headline, f"7002/tcp is held by a listener: cat ({process.pid}), {name}")
        self.assertIn(f"systemctl stop {name}", text.advice)

    def test_container(self):
        with sockets.listener("127.0.0.1", 7003) as server, cgroup.named(f"docker-{CONTAINER}.scope") as join:
            with held_by_cat(server, preexec_fn=join) as process:
                server.close()
                text, owners = self.owners("7003")
        self.assertEqual((owners[0]["container_id"], owners[0]["container_name"]), (CONTAINER, None))
        place = f"container {CONTAINER[:12]}"
        self.assertEqual(text.headline, f"7003/tcp is held by a listener: cat ({process.pid}), {place}")
        self.assertIn(place, flowing(text.advice))

    def check_named(self, port, file, text, name):
        """What an engine keeps is there for the command alone, in a mount namespace of its own."""
        top = str(pathlib.Path(*file.parts[:2]))
        script = 'mount -t tmpfs tmpfs "$1" && mkdir -p "$2" && printf %s "$3" >"$4" && shift 4 && exec "$@"'
        through = ["unshare", "--mount", "sh", "-c", script, "sh", top, str(file.parent), text, str(file)]
        if subprocess.run([*through, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("no mount namespace can be made here")
        with sockets.listener("127.0.0.1", port) as server, cgroup.named(f"docker-{CONTAINER}.scope") as join:
            with held_by_cat(server, preexec_fn=join) as process:
                server.close()
                text, owners = self.owners(str(port), ask=lambda *arguments: run(*arguments, through=through))
        self.assertEqual([(owner["container_id"], owner["container_name"]) for owner in owners], [(CONTAINER, name)])
        self.assertEqual(text.headline, f"{port}/tcp is held by a listener: cat ({process.pid}), container {name}")
        self.assertIn(f"container {name}", flowing(text.advice))

    def test_a_container_of_docker_has_its_name(self):
        file = pathlib.Path("/var/lib/docker/containers", CONTAINER, "config.v2.json")
        self.check_named(7005, file, '{"Name":"/web"}', "web")

    def test_a_container_of_kubernetes_has_its_name(self):
        file = pathlib.Path("/run/containerd/io.containerd.runtime.v2.task/k8s.io", CONTAINER, "config.json")
        annotations = '{"annotations":{"io.kubernetes.cri.sandbox-namespace":"default",' \
                      '"io.kubernetes.cri.sandbox-name":"web-7c9f","io.kubernetes.cri.container-name":"nginx"}}'
        self.check_named(7006, file, annotations, "default/web-7c9f/nginx")

    def test_processes_of_another_pid_namespace_are_not_seen(self):
        through = ["unshare", "--pid", "--fork", "--mount-proc"]
        if subprocess.run([*through, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("no PID namespace can be made here")
        with sockets.listener("127.0.0.1", 7004):
            text, owners = self.owners("7004", ask=lambda *arguments: run(*arguments, through=through))
        self.assertEqual(owners, [])
        self.assertIn("another PID namespace", text.flow)


class OtherUsers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nobody = Nobody(cls)
        server = sockets.listener("127.0.0.1", 7010)
        cls.ours = sockets.listener("127.0.0.1", 7011)
        cls.addClassCleanup(cls.ours.close)
        held = contextlib.ExitStack()
        cls.addClassCleanup(held.close)
        cls.process = held.enter_context(held_by_cat(server, *cls.nobody.become()))
        server.close()

    def test_root_sees_the_processes_of_others(self):
        text, verdict = why(self, "7010", HELD)
        owners = verdict["holders"][0]["owners"]
        self.assertEqual([(owner["pid"], owner["uid"]) for owner in owners], [(self.process.pid, UID)])
        self.assertNotIn("hidden", text.text)

    def test_everyone_sees_their_own(self):
        text, verdict = why(self, "7010", HELD, ask=self.nobody.run)
        self.assertEqual([owner["pid"] for owner in verdict["holders"][0]["owners"]], [self.process.pid])
        self.assertNotIn("hidden", text.text)

    def test_what_is_hidden_is_said_and_what_would_show_it(self):
        text, verdict = why(self, "7011", HELD, ask=self.nobody.run)
        self.assertEqual(verdict["holders"][0]["owners"], [])
        self.assertEqual(text.headline, "7011/tcp is held by a listener")
        self.assertIn("CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH", text.flow)
        self.assertIn("sudo tidewait why 7011", text.advice)

    def test_the_capabilities_that_are_named_show_it(self):
        def ask(*arguments):
            return self.nobody.run(*arguments, capabilities=["sys_ptrace", "dac_read_search"])
        text, verdict = why(self, "7011", HELD, ask=ask)
        self.assertEqual([owner["pid"] for owner in verdict["holders"][0]["owners"]], [os.getpid()])
        self.assertNotIn("hidden", text.text)


class Runtimes(unittest.TestCase):
    """The code that is shown is in the language of the process that has the connections."""

    def check(self, port, code, line):
        text, verdict = why(self, str(port), code)
        self.assertEqual(verdict["cause"], "connected")
        self.assertEqual([remedy["command"] for remedy in verdict["remedies"] if remedy["kind"] == "code"], [line])
        return text

    def need(self, name):
        found = shutil.which(name)
        if found is None:
            self.skipTest(f"{name} is not installed")
        return found

    def test_python(self):
        far, client = sockets.accepted("127.0.0.1", 7020)
        with far, client:
            self.check(7020, HELD, "sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)")

    def test_c(self):
        far, client = sockets.accepted("127.0.0.1", 7021)
        with client, held_by_cat(far):
            far.close()
            self.check(7021, HELD, "int on = 1;\nsetsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));")

    def test_node(self):
        with keeping_a_connection(self.need("node"), "-e", NODE_HOLDER) as port:
            text = self.check(port, REUSABLE, "server.listen(port);")
        self.assertIn("Node.js does so by itself", text.flow)

    def test_java(self):
        self.need("javac")
        with tempfile.TemporaryDirectory() as room:
            source = pathlib.Path(room, "Holder.java")
            source.write_text(JAVA_HOLDER, encoding="utf-8")
            with keeping_a_connection(self.need("java"), str(source)) as port:
                self.check(port, REUSABLE, "serverSocket.setReuseAddress(true);")

    def test_go(self):
        compiler = self.need("go")
        with tempfile.TemporaryDirectory() as room:
            source = pathlib.Path(room, "holder.go")
            source.write_text(GO_HOLDER, encoding="utf-8")
            subprocess.run([compiler, "build", "-o", "holder", source], cwd=room, check=True,
                           env={**os.environ, "GOCACHE": room})
            with keeping_a_connection(f"{room}/holder") as port:
                self.check(port, REUSABLE,
                           "syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)")


class CommandLine(unittest.TestCase):
    def test_it_is_never_shown(self):
        server = sockets.listener("127.0.0.1", 7030)
        command = [sys.executable, "-c", "import sys; sys.stdin.read()", f"--password={CANARY}"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[server.fileno()],
                              env={"SECRET": CANARY}) as process:
            server.close()
            command_line = pathlib.Path(f"/proc/{process.pid}/cmdline")
            until(lambda: CANARY in command_line.read_text(encoding="utf-8"), "the canary is on the command line")
            outputs = [run("why", "7030"), run("why", "7030", "--json"), run("ports"), run("ports", "--all", "--json")]
            with Agent("--watch=7030", "--log.level=debug") as agent:
                agent.next_round()
                pages = [agent.get(path).body.decode() for path in
                         ("/", "/metrics", "/api/v1/report", "/api/v1/ports", "/api/v1/ports/7030", "/api/v1/events")]
                pages.append(agent.log())
            process.stdin.close()
        for text in [outcome.out for outcome in outputs] + pages[1:5]:
            self.assertIn("7030", text)
        self.assertIn(f"({process.pid})", outputs[0].out)
        for text in [outcome.out + outcome.err for outcome in outputs] + pages:
            self.assertNotIn(CANARY, text)


if __name__ == "__main__":
    main()
