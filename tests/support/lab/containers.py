"""Containers without a daemon: podman and buildah with runc, in a store of the tests' own.

CONTAINERS is the folder of the store, BASE_TARBALL where Debian's base is kept for all stores. Whoever shares a store
takes the ctest resource `containers`: an Engine removes what was left running there. The network "host" is that of the
test; a bridge leaves rules in the packet filter, so only a test in a namespace of its own may have one.
"""

import collections
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BASE = "docker.io/library/debian:bookworm-slim"
NOBODY = 65534

Outcome = collections.namedtuple("Outcome", "code out err")

_TOOLS = {"podman": "podman", "buildah": "buildah", "runc": "runc", "conmon": "conmon", "mmdebstrap": "mmdebstrap"}
# What Debian's own image leaves out, too.
_SLIM = tuple(f"/usr/share/{folder}/*" for folder in ("doc", "groff", "info", "linda", "lintian", "locale", "man"))
# The limits of a container must be below those of the machine; crun cannot do with both versions of cgroups. What
# podman starts to clean up looks for its state below the storage.
_CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[network]
network_config_dir = "{store}/networks"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
static_dir = "{store}/images/libpod"
volume_path = "{store}/images/volumes"
tmp_dir = "{run}/libpod"
"""
_STORAGE_CONF = """\
[storage]
driver = "{driver}"
graphroot = "{store}/images"
runroot = "{run}"
"""


def _run(*command, seconds=120, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=seconds, check=False, **options)
    return Outcome(done.returncode, done.stdout, done.stderr)


def _done(*command, **options):
    outcome = _run(*command, **options)
    said = outcome.out[-4000:] + outcome.err[-4000:]
    assert outcome.code == 0, f"{' '.join(map(str, command))} ended with {outcome.code}:\n{said}"
    return outcome.out


def _why_not():
    """What keeps containers from running here; None when nothing does."""
    for program, package in _TOOLS.items():
        if shutil.which(program) is None:
            return f"{program} is missing: apt-get install {package}"
    if os.geteuid() != 0:
        return "containers of the tests take root"
    if _run("unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--fork", "--mount-proc", "true").code != 0:
        return "containers take CAP_SYS_ADMIN, to make namespaces and to mount"
    if not os.access("/sys/fs/cgroup", os.W_OK):
        return "containers take a writable /sys/fs/cgroup"
    return None


def _driver(store):
    """overlay where it can be mounted, because it copies nothing; else vfs, which works anywhere."""
    with tempfile.TemporaryDirectory(dir=store) as room:
        lower, upper, work, merged = (pathlib.Path(room, name) for name in ("lower", "upper", "work", "merged"))
        for folder in (lower, upper, work, merged):
            folder.mkdir()
        mount = ("mount", "-t", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", "overlay", merged)
        return "overlay" if _run("unshare", "--mount", *mount).code == 0 else "vfs"


class Engine:
    """The store, its images and containers. Skips the test, with the reason, where containers cannot run."""

    def __init__(self):
        reason = _why_not()
        if reason:
            raise unittest.SkipTest(reason)
        store = pathlib.Path(os.environ["CONTAINERS"])
        # podman wants this path to be short.
        run = pathlib.Path(tempfile.gettempdir(), f"tidewait-{hashlib.sha256(bytes(store)).hexdigest()[:8]}")
        store.mkdir(parents=True, exist_ok=True)
        # Programs that are given this find the store by themselves; builds do without cgroups and namespaces, health is
        # checked when the test asks for it.
        self.environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "DISABLE_HC_SYSTEMD": "true"}
        for name, text in (("CONTAINERS_CONF", _CONTAINERS_CONF), ("CONTAINERS_STORAGE_CONF", _STORAGE_CONF)):
            path = store / name.lower()
            path.write_text(text.format(store=store, run=run, driver=_driver(store)), encoding="utf-8")
            self.environment[name] = str(path)
        self.clear()

    def clear(self):
        """Removes every container and network; images stay."""
        self.podman("pod", "rm", "--all", "--force", "--time=0")
        # One after the other: with --all it tries those on which others depend too early.
        for container in self.podman("ps", "--all", "--quiet").split():
            self.podman("rm", "--force", "--depend", "--ignore", "--time=0", container)
        self.podman("network", "prune", "--force")

    def podman(self, *arguments, **options):
        """What a command of podman says, which must work."""
        return _done("podman", *arguments, env=self.environment, **options)

    def try_podman(self, *arguments, **options):
        """The outcome of a command of podman that may fail."""
        return _run("podman", *arguments, env=self.environment, **options)

    def has_image(self, name):
        """Whether the store has it."""
        return self.try_podman("image", "exists", name).code == 0

    def need_base(self):
        """Makes Debian's base image, of the name that it has in the world; takes a mirror of Debian the first time."""
        if self.has_image(BASE):
            return
        tarball = pathlib.Path(os.environ["BASE_TARBALL"])
        if not tarball.exists():
            tarball.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=tarball.parent) as room:
                fresh = pathlib.Path(room, "base.tar")
                made = _run("mmdebstrap", "--variant=minbase", "--mode=root", "--dpkgopt=force-unsafe-io",
                            *(f"--dpkgopt=path-exclude={path}" for path in _SLIM),
                            "--dpkgopt=path-include=/usr/share/doc/*/copyright", "bookworm", fresh, seconds=600)
                if made.code != 0:
                    raise unittest.SkipTest(f"mmdebstrap could not make the base image: {made.err.strip()[-300:]}")
                fresh.rename(tarball)
        self.podman("import", "--change=CMD=/bin/bash", tarball, BASE)

    def build(self, tag, context, *options, seconds=600):
        """Builds the Dockerfile of a folder as it stands, or of `--file`."""
        return _done("buildah", "build", "--layers", "--pull-never", f"--tag={tag}", *options, context,
                     env=self.environment, seconds=seconds)

    def start(self, image, *command, options=(), network="host"):
        """A Container that runs in the background."""
        said = self.podman("run", "--detach", f"--network={network}", *options, image, *command)
        return Container(self, said.strip())

    def run(self, image, *command, options=(), network="host"):
        """The Outcome of a container that runs to its end."""
        return self.try_podman("run", "--rm", f"--network={network}", *options, image, *command)


class Container:
    """One that runs; as a context manager removes it."""

    def __init__(self, engine, name):
        self.engine = engine
        self.name = name

    def inspect(self):
        """Everything that podman knows of it."""
        return json.loads(self.engine.podman("container", "inspect", self.name))[0]

    def pid(self):
        """Of its first process."""
        return self.inspect()["State"]["Pid"]

    def status(self):
        """/proc/PID/status of its first process: {name: text}."""
        lines = pathlib.Path(f"/proc/{self.pid()}/status").read_text(encoding="ascii").splitlines()
        return dict(line.split(":\t", 1) for line in lines)

    def run(self, *command, **options):
        """The Outcome of a command inside; for images that have one."""
        return self.engine.try_podman("exec", self.name, *command, **options)

    def do(self, *command, **options):
        """What a command inside says, which must work."""
        return self.engine.podman("exec", self.name, *command, **options)

    def beside(self, *command, **options):
        """The Outcome of a program of this machine in the container's network namespace."""
        return _run("nsenter", f"--net=/proc/{self.pid()}/ns/net", *command, **options)

    def log(self):
        """What it has written, on both streams."""
        outcome = self.engine.try_podman("logs", self.name)
        return outcome.out + outcome.err

    def remove(self):
        """Ends it at once."""
        self.engine.podman("rm", "--force", "--time=0", self.name)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.remove()
