"""--web.config.file is the file of Prometheus' exporters: what tidewait takes promtool takes, and what promtool takes and
tidewait does not is refused in words."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from lab.agent import run
from lab.pki import Certificate, bcrypt
from lab.suite import main

EXAMPLE = pathlib.Path(__file__).parents[2] / "deploy" / "web-config.yml"
TLS = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"
CLIENTS = TLS + "  client_ca_file: ca.pem\n"

BOTH_TAKE = (
    "{}",
    TLS,
    TLS + "  min_version: TLS13\n",
    TLS + "  min_version: TLS10\n  max_version: TLS12\n",
    TLS + "  prefer_server_cipher_suites: false\n",
    TLS + "  client_auth_type: NoClientCert\n",
    TLS + "  client_auth_type: RequestClientCert\n",
    TLS + "  client_auth_type: RequireAnyClientCert\n",
    CLIENTS + "  client_auth_type: RequireAndVerifyClientCert\n",
    CLIENTS + "  client_auth_type: VerifyClientCertIfGiven\n",
    CLIENTS + "  client_auth_type: RequireClientCert\n",
    "basic_auth_users:\n",
    f"basic_auth_users:\n  ann: {bcrypt('one')}\n  bob: '{bcrypt('two')}'\n",
    TLS + f"basic_auth_users:\n  ann: {bcrypt('one')}\n",
    "http_server_config:\n  http2: false\n",
    "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-Content-Type-Options: nosniff\n",
)
BOTH_REFUSE = (
    "tls_sever_config: {}",
    "[]",
    TLS + "  min_version: TLS14\n",
    TLS + "  min_version: TLS12\n  min_version: TLS13\n",
    TLS + "  client_auth_type: Require\n",
    CLIENTS,
    TLS.replace("server.pem", "gone.pem"),
    TLS.replace("server.key", "ca.key"),
    "tls_server_config:\n  cert_file: server.pem\n",
    "tls_server_config:\n  key_file: server.key\n",
    "basic_auth_users:\n  ann: one\n",
    "basic_auth_users:\n  ann: $2y$99$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n",
    "http_server_config:\n  headers:\n    X-Frame-Options: never\n",
    "http_server_config:\n  headers:\n    Server: mine\n",
)
# What only tidewait refuses, and what it says.
TIDEWAIT_REFUSES = (
    ("", "the file says nothing: give {} for neither TLS nor passwords"),
    ("tls_server_config:\n  min_version: TLS13\n", "tls_server_config: needs cert_file and key_file"),
    (TLS + "  client_auth_type: RequireAndVerifyClientCert\n", "this client_auth_type needs client_ca_file"),
    (TLS + "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n", "cipher_suites is not supported by tidewait"),
    (TLS + "  curve_preferences: [CurveP256]\n", "curve_preferences is not supported by tidewait"),
    (TLS + "  min_version: TLS13\n  max_version: TLS12\n", "min_version is above max_version: no client could connect"),
    ("http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=1\n", "is not supported by tidewait"),
    ("http_server_config:\n  headers:\n    X-Frame-Options: sameorigin\n", "is not supported by tidewait"),
    (f"basic_auth_users:\n  ann: {bcrypt('one').replace('$04$', '$15$')}\n", "the cost of this hash is 15"),
    (f"basic_auth_users:\n  'a:b': {bcrypt('one')}\n", "a name is without colons"),
    (f"basic_auth_users:\n  ann: &h {bcrypt('one')}\n  bob: *h\n", "an anchor (&name) is not taken"),
)


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
@unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
class Agreement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        authority = Certificate(cls.room, "ca", "ca")
        Certificate(cls.room, "server", "server", authority)
        cls.path = cls.room / "web.yml"

    def promtool_takes(self, text):
        self.path.write_text(text, encoding="utf-8")
        return subprocess.run(["promtool", "check", "web-config", self.path], check=False, capture_output=True,
                              timeout=60).returncode == 0

    def tidewait_says(self, text):
        """Its one line; "" when it takes it."""
        self.path.write_text(text, encoding="utf-8")
        outcome = run("serve", "--check-config", f"--web.config.file={self.path}")
        self.assertEqual(outcome.code, 2 if outcome.err else 0)
        self.assertRegex(outcome.err, rf"\A(tidewait: {self.path}:[^\n]+\n)?\Z")
        return outcome.err

    def test_what_both_take(self):
        for text in BOTH_TAKE:
            with self.subTest(text=text):
                self.assertEqual(self.tidewait_says(text), "")
                self.assertTrue(self.promtool_takes(text))

    def test_what_both_refuse(self):
        for text in BOTH_REFUSE:
            with self.subTest(text=text):
                self.assertNotEqual(self.tidewait_says(text), "")
                self.assertFalse(self.promtool_takes(text))

    def test_what_only_tidewait_refuses(self):
        for text, says in TIDEWAIT_REFUSES:
            with self.subTest(text=text):
                self.assertIn(says, self.tidewait_says(text))
                self.assertTrue(self.promtool_takes(text))

    def test_no_hash_is_shown(self):
        for hashed in (bcrypt("one")[:-1], bcrypt("one").replace("$04$", "$31$")):
            said = self.tidewait_says(f"basic_auth_users:\n  ann: {hashed}\n")
            self.assertIn("ann", said)
            self.assertNotIn(hashed[8:16], said)

    def test_the_example_is_taken_as_it_is_and_with_everything_in_it_in_force(self):
        shipped = EXAMPLE.read_text(encoding="utf-8")
        for name, source in (("tidewait.crt", "server.pem"), ("tidewait.key", "server.key"), ("clients.crt", "ca.pem")):
            shutil.copy(self.room / source, self.room / name)
        everything = re.sub(r"^( *)#(?=[a-z_]+:|  [a-z]+: )", r"\1", shipped, flags=re.MULTILINE)
        self.assertIn("\nbasic_auth_users:\n  prometheus: $2", everything)
        self.assertIn("\n  client_ca_file: clients.crt\n", everything)
        for text in (shipped, everything):
            self.assertEqual(self.tidewait_says(text), "")
            self.assertTrue(self.promtool_takes(text))


if __name__ == "__main__":
    main()
