"""The Debian package that tests/deploy/test_release.py has made: PACKAGE is the folder where the release lies."""

import os
import pathlib
import re
import subprocess

FOLDER = pathlib.Path(os.environ["PACKAGE"])


def said(*command, **options):
    """What a command says, which must work."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def package():
    """Its file; there is one."""
    (file,) = FOLDER.glob("*.deb")
    return file


def field(name, file=None):
    """Of its control file."""
    return said("dpkg-deb", "--field", file or package(), name).strip()


def dependencies():
    """Names of the packages that it depends on."""
    return re.findall(r"(?:^|, )([a-z0-9.+-]+)", field("Depends"))


def next_version(folder):
    """Another package, as of a later version, into the folder. Returns its file and its version."""
    version = f"{field('Version')}+later"
    tree = folder / "tree"
    said("dpkg-deb", "--raw-extract", package(), tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text(encoding="utf-8")), encoding="utf-8")
    said("dpkg-deb", "--root-owner-group", "--build", tree, folder / "later.deb")
    return folder / "later.deb", version
