"""TLS from --web.config.file, spoken by curl and by OpenSSL."""

import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from lab.agent import run
from lab.pki import Certificate
from lab.secured import agent_with, ask, place_of, served_name, trusting, write
from lab.suite import main
from lab.waiting import until

TLS_1_2 = ssl.TLSVersion.TLSv1_2
TLS_1_3 = ssl.TLSVersion.TLSv1_3


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Secured(unittest.TestCase):
    """A directory with a CA, a server, a client, and a client of a stranger."""

    @classmethod
    def setUpClass(cls):
        cls.room = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.authority = Certificate(cls.room, "ca", "ca")
        cls.server = Certificate(cls.room, "localhost", "server", cls.authority)
        cls.client = Certificate(cls.room, "client", "client", cls.authority)
        cls.elsewhere = Certificate(cls.room, "elsewhere", "ca")
        cls.stranger = Certificate(cls.room, "stranger", "client", cls.elsewhere)

    def config(self, *lines, certificate="localhost"):
        """A web.yml with these lines besides certificate and key."""
        path = self.room / "web.yml"
        write(path, "\n  ".join(("tls_server_config:", f"cert_file: {certificate}.pem", f"key_file: {certificate}.key",
                                 *lines)) + "\n")
        return path


class Versions(Secured):
    def curl(self, agent, *arguments):
        host, port = place_of(agent)
        done = subprocess.run(["curl", "--silent", "--show-error", "--cacert", self.authority.certificate, *arguments,
                               f"https://{host}:{port}/healthz"], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def test_curl_speaks_1_2_and_1_3_to_the_address_that_the_log_gives(self):
        with agent_with(self.config(), context=trusting(self.authority)) as agent:
            self.assertTrue(agent.url.startswith("https://127.0.0.1:"), agent.url)
            for version in ("1.2", "1.3"):
                self.assertEqual(self.curl(agent, f"--tlsv{version}", "--tls-max", version), (0, "ok\n"))
            self.assertNotEqual(self.curl(agent, "--tlsv1.0", "--tls-max", "1.1")[0], 0)

    def test_min_version_refuses_what_is_older(self):
        with agent_with(self.config("min_version: TLS13"), context=trusting(self.authority)) as agent:
            self.assertIsNone(ask(agent, trusting(self.authority, most=TLS_1_2)))
            self.assertEqual(ask(agent, trusting(self.authority, least=TLS_1_3)), 200)

    def test_max_version_refuses_what_is_newer(self):
        with agent_with(self.config("max_version: TLS12"), context=trusting(self.authority)) as agent:
            self.assertEqual(ask(agent, trusting(self.authority, most=TLS_1_2)), 200)
            self.assertIsNone(ask(agent, trusting(self.authority, least=TLS_1_3)))

    def test_without_tls_nothing_is_served(self):
        with agent_with(self.config(), context=trusting(self.authority)) as agent:
            with socket.create_connection(place_of(agent), timeout=30) as plain:
                plain.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                try:
                    self.assertNotIn(b"HTTP", plain.recv(4096))
                except ConnectionResetError:
                    pass


class ClientCertificates(Secured):
    def test_each_kind_lets_in_whom_it_should(self):
        # Nobody's, a stranger's, that of our CA.
        kinds = {
            "NoClientCert": (200, 200, 200),
            "RequestClientCert": (200, 200, 200),
            "RequireAnyClientCert": (None, 200, 200),
            "VerifyClientCertIfGiven": (200, None, 200),
            "RequireAndVerifyClientCert": (None, None, 200),
        }
        for kind, expected in kinds.items():
            authority = () if kind == "NoClientCert" else ("client_ca_file: ca.pem",)
            config = self.config(f"client_auth_type: {kind}", *authority)
            with agent_with(config, context=trusting(self.authority, self.client)) as agent:
                for version in (TLS_1_2, TLS_1_3):
                    answers = tuple(ask(agent, trusting(self.authority, client, least=version, most=version))
                                    for client in (None, self.stranger, self.client))
                    self.assertEqual(answers, expected, f"{kind}, {version.name}")

    def test_a_certificate_of_a_server_is_none_of_a_client(self):
        config = self.config("client_auth_type: RequireAndVerifyClientCert", "client_ca_file: ca.pem")
        with agent_with(config, context=trusting(self.authority, self.client)) as agent:
            self.assertIsNone(ask(agent, trusting(self.authority, self.server)))


class Renewal(Secured):
    def test_a_new_certificate_is_served_without_a_restart(self):
        context = trusting(self.authority)
        config = self.config()
        Certificate(self.room, "renewed", "server", self.authority)
        with agent_with(config, context=context) as agent:
            self.assertEqual(served_name(agent, context), "localhost")
            self.config(certificate="renewed")
            until(lambda: served_name(agent, context) == "renewed", "the new certificate is served")
            self.assertEqual(ask(agent, context), 200)

    def test_a_wrong_one_is_told_and_the_old_one_kept(self):
        context = trusting(self.authority)
        config = self.config()
        with agent_with(config, context=context) as agent:
            write(config, "tls_server_config:\n  cert_file: localhost.pem\n  key_file: client.key\n")
            until(lambda: "cert_file and key_file" in agent.log(), "the log says what is wrong")
            self.assertEqual(served_name(agent, context), "localhost")
            self.assertEqual(ask(agent, context), 200)

    def test_whether_there_is_tls_needs_a_restart(self):
        context = trusting(self.authority)
        config = self.config()
        with agent_with(config, context=context) as agent:
            write(config, "basic_auth_users: {}\n")
            until(lambda: "tls_server_config cannot be taken away while tidewait runs: restart it" in agent.log(),
                  "the log says so")
            self.assertEqual(ask(agent, context), 200)


class Ending(Secured):
    def test_idle_clients_do_not_delay_it(self):
        context = trusting(self.authority)
        with agent_with(self.config(), context=context) as agent, \
                socket.create_connection(place_of(agent), timeout=30), \
                socket.create_connection(place_of(agent), timeout=30) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertIn(b"200 OK", secure.recv(4096))
            agent.stop()


class Start(Secured):
    def test_a_key_of_another_certificate_is_refused(self):
        config = self.room / "wrong.yml"
        write(config, "tls_server_config:\n  cert_file: localhost.pem\n  key_file: client.key\n")
        outcome = run("serve", "--web.listen-address=127.0.0.1:0", f"--web.config.file={config}")
        self.assertEqual((outcome.code, outcome.out), (2, ""), outcome.err)
        self.assertIn("cert_file and key_file are not a certificate and its key", outcome.err)


if __name__ == "__main__":
    main()
