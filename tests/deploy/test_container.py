"""The image, run as nobody without a capability: beside a service, in the host's network, with TLS, and in trouble."""

import json
import os
import pathlib
import socket
import tempfile
import types
import unittest

import standins
from lab.containers import NOBODY, Engine
from lab.faults import injected
from lab.pki import Certificate, bcrypt
from lab.suite import main
from lab.waiting import until
from shipped import IMAGE

CONFINED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
QUICK = ("serve", "--interval=50ms", "--cpu-budget=100%")
URL = "http://127.0.0.1:10098"
SERVICE_PORT, OTHER_PORT = 8080, 8081
# What a server does; its exit status is the errno.
BIND = ("import socket, sys\ntry: socket.create_server(('', int(sys.argv[1])), backlog=0).close()\n"
        "except OSError as error: sys.exit(error.errno)")
EADDRINUSE = 98


def ask(container, path, *options):
    """What curl gets in the container's network namespace: None while there is no answer."""
    outcome = container.beside("curl", "--silent", "--show-error", "--fail", *options, f"{URL}{path}")
    return outcome.out if outcome.code == 0 else None


def verdict(container, port):
    """Of a tracked port; None while it is not."""
    said = ask(container, f"/api/v1/ports/{port}")
    return said and json.loads(said)


class Containers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()
        assert cls.engine.has_image(IMAGE), "deploy/image makes the image"
        standins.need_busybox(cls.engine)

    def start(self, *flags, network, options=()):
        """An agent, ready or not."""
        container = self.engine.start(IMAGE, *QUICK, *flags, options=(*CONFINED, *options), network=network)
        self.addCleanup(container.remove)
        return container

    def check_confined(self, container):
        """By what the kernel says of the process."""
        status = container.status()
        self.assertEqual(status["Uid"].split(), [str(NOBODY)] * 4)
        self.assertEqual(status["Gid"].split(), [str(NOBODY)] * 4)
        self.assertEqual({int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")}, {0})
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))

    def test_beside_a_service_whose_network_it_shares(self):
        service = self.engine.start(standins.BUSYBOX, "httpd", "-f", "-p", str(SERVICE_PORT), network="none")
        self.addCleanup(service.remove)
        agent = self.start(f"--watch={SERVICE_PORT}=listening", f"--watch={OTHER_PORT}=free",
                           network=f"container:{service.name}")
        held = until(lambda: (said := verdict(agent, SERVICE_PORT)) and said["verdict"] == "held" and said,
                     "the service's port is held")
        self.assertEqual((held["cause"], held["holders"][0]["state"]), ("listener", "listen"))
        free = verdict(agent, OTHER_PORT)
        self.assertEqual((free["verdict"], free["cause"]), ("free", "none"))
        for port, errno in ((SERVICE_PORT, EADDRINUSE), (OTHER_PORT, 0)):
            self.assertEqual(service.beside("/usr/bin/python3", "-c", BIND, str(port)).code, errno)
        service.engine.podman("kill", service.name)
        until(lambda: verdict(agent, SERVICE_PORT)["verdict"] != "held", "the service's end is seen")
        self.assertEqual(agent.beside("/usr/bin/python3", "-c", BIND, str(SERVICE_PORT)).code, 0)
        self.check_confined(agent)

    def test_in_the_network_of_the_host(self):
        with socket.create_server(("", SERVICE_PORT)):
            agent = self.start(network="host")
            until(lambda: (said := verdict(agent, SERVICE_PORT)) and said["cause"] == "listener",
                  "the host's port is held")
            outcome = self.engine.run(IMAGE, "why", str(SERVICE_PORT), options=CONFINED)
            self.assertEqual(outcome.code, 1, outcome)
            self.assertTrue(outcome.out.startswith(f"{SERVICE_PORT}/tcp is held by a listener"), outcome.out)
        until(lambda: verdict(agent, SERVICE_PORT)["verdict"] == "free", "the host's port is free")
        self.check_confined(agent)
        self.engine.podman("stop", "--time=5", agent.name)
        self.assertEqual(agent.inspect()["State"]["ExitCode"], 0, agent.log())

    def test_its_health_follows_its_rounds(self):
        agent = self.start(network="none", options=("--health-retries=1",))

        def health():
            self.engine.try_podman("healthcheck", "run", agent.name)
            return agent.inspect()["State"]["Health"]["Status"]

        until(lambda: health() == "healthy", "it is healthy")
        with injected(types.SimpleNamespace(pid=agent.pid()), "recvmsg:error=ENOBUFS"):
            until(lambda: health() == "unhealthy", "it is not while its rounds fail")
        until(lambda: health() == "healthy", "it is healthy again")

    def test_tls_and_passwords_find_everything_that_they_need(self):
        with tempfile.TemporaryDirectory(dir=os.environ["CONTAINERS"]) as room:
            Certificate(room, "localhost", "server")
            web = pathlib.Path(room, "web.yml")
            web.write_text("tls_server_config:\n  cert_file: localhost.pem\n  key_file: localhost.key\n"
                           f"basic_auth_users:\n  prometheus: {bcrypt('sesame', 4)}\n", encoding="ascii")
            for path in (pathlib.Path(room), *pathlib.Path(room).iterdir()):
                os.chown(path, NOBODY, NOBODY)
            agent = self.start("--web.config.file=/web/web.yml", network="none", options=(f"--volume={room}:/web:ro",))
            curl = ("curl", "--silent", "--insecure", "https://127.0.0.1:10098/readyz")
            until(lambda: agent.beside(*curl, "--user", "prometheus:sesame").out == "ready\n", "the password is right")
            self.assertNotIn("ready\n", agent.beside(*curl, "--user", "prometheus:other").out)


if __name__ == "__main__":
    main()
