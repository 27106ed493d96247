"""deploy/release, and what it makes: the source and the Debian package, which the other tests of packages then install."""

import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from lab.package import FOLDER, field, package, said
from lab.suite import main

SOURCE = pathlib.Path(os.environ["SOURCE"])
AS_SOMEBODY = {**os.environ, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a",
               "GIT_COMMITTER_EMAIL": "a@example.org"}


def version_of_source():
    return re.search(r"^project\(tidewait VERSION (\S+) ", (SOURCE / "CMakeLists.txt").read_text(encoding="utf-8"), re.MULTILINE)[1]


class Repository:
    """The working tree as it is, committed, and tagged as its version."""

    def __init__(self, room):
        self.path = pathlib.Path(room, "source")
        self.path.mkdir()
        files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=SOURCE,
                               stdout=subprocess.PIPE, check=False)
        if files.returncode != 0:
            raise unittest.SkipTest("a release is made from a git repository, which this source is not")
        for name in files.stdout.decode().split("\0"):
            if name and (SOURCE / name).exists():
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(SOURCE / name, self.path / name)
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=all")
        self.git("tag", f"v{version_of_source()}")

    def git(self, *arguments):
        return said("git", *arguments, cwd=self.path, env=AS_SOMEBODY)

    def release(self, *arguments):
        return subprocess.run(["deploy/release", "--without-image", *map(str, arguments)], cwd=self.path, env=AS_SOMEBODY,
                              capture_output=True, text=True, check=False)


def setUpModule():
    room = tempfile.mkdtemp()
    unittest.addModuleCleanup(shutil.rmtree, room)
    Release.room = pathlib.Path(room)
    Release.repository = Repository(room)
    shutil.rmtree(FOLDER, ignore_errors=True)
    made = Release.repository.release(FOLDER)
    assert made.returncode == 0, made.stdout[-4000:] + made.stderr


class Release(unittest.TestCase):
    room = None
    repository = None

    def test_checksums_are_of_all_that_was_made(self):
        said("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=FOLDER)
        named = {line.split()[1] for line in (FOLDER / "SHA256SUMS").read_text(encoding="ascii").splitlines()}
        self.assertEqual(named | {"SHA256SUMS"}, {file.name for file in FOLDER.iterdir()})

    def test_the_source_is_every_file_of_the_commit(self):
        name = f"tidewait-{version_of_source()}"
        with tarfile.open(FOLDER / f"{name}.tar.gz") as source:
            files = {member.name for member in source if not member.isdir()}
        self.assertEqual(files, {f"{name}/{file}" for file in self.repository.git("ls-files").splitlines()})

    def test_what_is_no_version_is_not_released(self):
        """Without touching the tag: each mistake is mended again."""
        def refused(reason):
            outcome = self.repository.release(self.room / "none")
            self.assertEqual((outcome.returncode, outcome.stdout), (2, ""), outcome.stderr)
            self.assertRegex(outcome.stderr, rf"\A{reason}.*\n\Z")
            self.assertFalse((self.room / "none").exists())

        stray = self.repository.path / "stray"
        stray.touch()
        refused("The working tree differs from its commit")
        stray.unlink()
        tag = self.repository.git("tag").strip()
        self.repository.git("tag", "--delete", tag)
        refused("No tag is checked out")
        self.repository.git("tag", "v99.0")
        refused(r"CMakeLists\.txt has another version than the tag v99\.0")
        self.repository.git("tag", "--delete", "v99.0")
        self.repository.git("tag", tag)
        there = self.repository.release(FOLDER)
        self.assertEqual(there.returncode, 2)
        self.assertIn("is there already", there.stderr)


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        room = tempfile.TemporaryDirectory()
        cls.addClassCleanup(room.cleanup)
        cls.tree = pathlib.Path(room.name)
        said("dpkg-deb", "--raw-extract", package(), cls.tree)

    def test_lintian_finds_no_error_and_no_warning(self):
        if shutil.which("lintian") is None:
            self.skipTest("lintian is not installed")
        said("lintian", "--allow-root", "--fail-on=error,warning", package())

    def test_it_has_the_version_of_the_source_and_of_its_tag(self):
        version = version_of_source()
        self.assertEqual(field("Version"), version)
        self.assertEqual(said(self.tree / "usr/bin/tidewait", "--version").split()[:3], ["tidewait", version, f"(v{version},"])

    def test_what_an_administrator_may_change_is_configuration_to_dpkg(self):
        below_etc = {f"/{file.relative_to(self.tree)}" for file in self.tree.glob("etc/**/*") if file.is_file()}
        self.assertEqual(set((self.tree / "DEBIAN/conffiles").read_text(encoding="ascii").split()), below_etc)

    def test_its_binary_is_hardened(self):
        binary = self.tree / "usr/bin/tidewait"
        self.assertRegex(said("readelf", "--file-header", binary), r"Type: +DYN \(Position-Independent Executable")
        self.assertRegex(said("readelf", "--dynamic", binary), r"BIND_NOW")
        self.assertRegex(said("readelf", "--program-headers", "--wide", binary), r"GNU_STACK .* RW ")

    def test_each_setting_of_its_configuration_is_commented_out(self):
        """What holds is what the agent does by itself."""
        for file in ("etc/default/tidewait", "etc/tidewait/tidewait.yml"):
            lines = (self.tree / file).read_text(encoding="utf-8").splitlines()
            self.assertEqual([line for line in lines if line and not line.startswith("#")], [], file)
        binary = self.tree / "usr/bin/tidewait"
        said(binary, "serve", "--check-config", f"--config.file={self.tree}/etc/tidewait/tidewait.yml")


if __name__ == "__main__":
    main()
