"""Debian's kernels, found and fetched by apt: from the mirrors of this machine, into a folder of the tests."""

import fcntl
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
TOOLS = ("apt-get", "apt-cache", "dpkg-deb")


class Unavailable(Exception):
    """There is no such kernel to be had here; the text says why."""


def fetch(series, release, cache):
    """The package of the newest cloud kernel of a series ("6.1") that a release of Debian has; kept in the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    # Tests of several kernels run side by side.
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _cached(series, cache) or _download(series, release, cache)


def _pattern(series):
    return rf"linux-image-{re.escape(series)}\.[^_ ]*-cloud-amd64"


def _cached(series, cache):
    return next((path for path in cache.glob("*.deb") if re.match(_pattern(series) + "_", path.name)), None)


def _download(series, release, cache):
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise Unavailable(f"{missing[0]} is not installed")
    apt = _Apt(release, cache / "apt" / release)
    known = apt.run("apt-cache", "search", "--names-only", "^linux-image-").stdout
    names = re.findall(_pattern(series) + "(?= - )", known)
    if not names:
        raise Unavailable(f"apt finds no linux-image-{series}.*-cloud-amd64 of {release} in its places{apt.trouble}")
    newest = max(names, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
    with tempfile.TemporaryDirectory(dir=cache) as room:
        if apt.run("apt-get", "download", newest, cwd=room).returncode != 0:
            raise Unavailable(f"{newest} cannot be downloaded{apt.trouble}")
        package = next(pathlib.Path(room).glob("*.deb"))
        return package.rename(cache / package.name)


def _places():
    """(URI, suffix) of each source of this machine that is Debian's: suites bookworm, bookworm-security and so on."""
    own = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    listed = subprocess.run(["apt-get", "-o=Debug::NoLocking=1", "--print-uris", "update"], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, check=False).stdout
    for uri, suite in re.findall(r"^'(\S+)/dists/(\S+)/InRelease'", listed, re.MULTILINE):
        if own and suite in (own, f"{own}-security", f"{own}-updates"):
            yield uri, suite.removeprefix(own)


class _Apt:
    """apt for another release, with lists of its own: what the machine has configured and installed stays as it is."""

    def __init__(self, release, room):
        for folder in ("lists/partial", "archives/partial"):
            (room / folder).mkdir(parents=True, exist_ok=True)
        sources = room / "sources.list"
        sources.write_text("".join(f"deb [signed-by={KEYRING}] {uri} {release}{suffix} main\n"
                                   for uri, suffix in _places()), encoding="utf-8")
        self._options = [f"-o={option}" for option in (
            f"Dir::Etc::SourceList={sources}", "Dir::Etc::SourceParts=/dev/null", f"Dir::State::Lists={room / 'lists'}",
            f"Dir::Cache={room}", "APT::Architecture=amd64", "APT::Architectures=amd64", "APT::Sandbox::User=",
            "Acquire::Languages=none", "Acquire::Retries=2", "Acquire::http::Timeout=20")]
        self.trouble = ""
        self.run("apt-get", "update")

    def run(self, tool, *arguments, cwd=None):
        """The first thing that it complains about is kept as trouble."""
        done = subprocess.run([tool, *self._options, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, cwd=cwd)
        complaints = [f"; {line}" for line in done.stderr.splitlines() if line.startswith(("E: ", "W: "))]
        self.trouble = self.trouble or "".join(complaints[:1])
        return done
