"""A host with systemd as its first process, in a container without a network, and the package installed on it."""

import json
import pathlib
import tempfile

from lab.containers import Engine
from lab.package import FOLDER, dependencies, package
from lab.waiting import until

IMAGE = "localhost/tidewait-systemd:test"
URL = "http://127.0.0.1:10098"
_DOCKERFILE = pathlib.Path(__file__).parents[2] / "deploy/systemd"
_SECONDS_TO_BOOT = 60
# ALL: systemd makes mounts and namespaces for services.
_OPTIONS = ("--systemd=always", "--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--security-opt=seccomp=unconfined")
# Where programs keep what is no part of an installation: logs, caches, what is running.
_FLEETING = ("/proc", "/sys", "/run", "/dev", "/tmp", "/var/tmp", "/var/log", "/var/cache", "/var/lib/dpkg", "/var/lib/apt",
             "/packages", "/later")
DROP_INS = "/etc/systemd/system/tidewait.service.d"


class Host:
    """Each test may install, remove and change what it likes after fresh()."""

    def __init__(self, add_cleanup):
        engine = Engine()
        engine.need_base()
        engine.build(IMAGE, _DOCKERFILE, f"--build-arg=DEPENDENCIES={' '.join(dependencies())}")
        room = tempfile.TemporaryDirectory()
        add_cleanup(room.cleanup)
        self.later = pathlib.Path(room.name)
        volumes = (f"--volume={FOLDER}:/packages:ro", f"--volume={self.later}:/later:ro")
        self.container = engine.start(IMAGE, options=(*_OPTIONS, *volumes), network="none")
        add_cleanup(self.container.remove)
        until(lambda: self.run("systemctl", "is-system-running").out.strip() == "running", "the host is up", _SECONDS_TO_BOOT)
        # As on a host; engines lower it in containers.
        outcome = self.container.beside("sysctl", "--write", "net.ipv4.ip_unprivileged_port_start=1024")
        assert outcome.code == 0, outcome.err
        self.files_before = self.files()

    def do(self, *command):
        """What a command says, which must work."""
        return self.container.do(*command)

    def run(self, *command):
        """The outcome of a command that may fail."""
        return self.container.run(*command)

    def files(self):
        """Every file that belongs to an installation."""
        pruned = " -o ".join(f"-path {folder}" for folder in _FLEETING)
        return set(self.do("sh", "-c", fr"find / \( {pruned} \) -prune -o -print").splitlines())

    def fresh(self):
        """The package, installed as for the first time, and running."""
        self.do("sh", "-c", f"dpkg --purge tidewait; rm -rf {DROP_INS}")
        self.install(f"/packages/{package().name}")

    def install(self, file):
        """By dpkg; the settings that an administrator has changed stay."""
        return self.do("dpkg", "--install", "--force-confold", file)

    def drop_in(self, text, name="test"):
        """Adds settings to the unit, and restarts it with them."""
        self.do("sh", "-c", f'mkdir -p {DROP_INS} && printf %s "$1" >{DROP_INS}/{name}.conf', "sh", text)
        self.do("sh", "-c", "systemctl daemon-reload && systemctl restart tidewait")

    def profile(self, name):
        """Takes a drop-in of the package into use as its user does."""
        self.drop_in(self.do("cat", f"/usr/share/doc/tidewait/examples/{name}.conf"), name)

    def shown(self, name, unit="tidewait.service"):
        """A property of the unit."""
        return self.do("systemctl", "show", "--property", name, "--value", unit).strip()

    def status(self, field):
        """Of the agent's process: a field of /proc/PID/status."""
        lines = self.do("cat", f"/proc/{self.shown('MainPID')}/status").splitlines()
        return next(line.split(":", 1)[1].split() for line in lines if line.startswith(f"{field}:"))

    def log(self):
        """What the agent has written since it started last."""
        return self.do("journalctl", "--no-pager", "--output=cat", f"_SYSTEMD_INVOCATION_ID={self.shown('InvocationID')}")

    def ask(self, path):
        """A JSON page of the agent's; None when nobody answers, or with an error."""
        outcome = self.container.beside("curl", "--silent", "--fail", f"{URL}{path}")
        return json.loads(outcome.out) if outcome.code == 0 else None
