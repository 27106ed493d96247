"""The image that deploy/container/build makes, of the Dockerfile as it stands. Other tests run it."""

import json
import os
import pathlib
import re
import subprocess
import tarfile
import tempfile
import unittest

from lab.containers import Engine
from lab.suite import main
from shipped import IMAGE, SOURCE, VERSION

LARGEST_BYTES = 12 << 20
BUILD_SECONDS = 800


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()
        cls.engine.need_base()
        with tempfile.TemporaryDirectory(dir=os.environ["CONTAINERS"]) as room:
            output = pathlib.Path(room, "image.tar")
            build = (SOURCE / "deploy/container/build", "--output", output, IMAGE, "--layers", "--pull-never")
            done = subprocess.run(build, env={**cls.engine.environment, "CONTAINER_ENGINE": "buildah"},
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_SECONDS,
                                  check=False)
            assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
            with tarfile.open(output) as archive:
                cls.saved = json.load(archive.extractfile("manifest.json"))
                cls.files = cls.files_of(archive)
        cls.image = json.loads(cls.engine.podman("image", "inspect", IMAGE))[0]

    @classmethod
    def files_of(cls, archive):
        """What the layers of a saved image hold, without folders: {path: size}."""
        files = {}
        for layer in cls.saved[0]["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(layer)) as tree:
                files.update({"/" + member.name: member.size for member in tree if not member.isdir()})
        return files

    def test_it_is_small(self):
        print(f"the image has {self.image['Size'] / (1 << 20):.1f} MiB", flush=True)
        self.assertLessEqual(self.image["Size"], LARGEST_BYTES)
        self.assertLessEqual(sum(self.files.values()), LARGEST_BYTES)

    def test_it_holds_the_binary_its_libraries_and_their_notices(self):
        self.assertIn("/bin/tidewait", self.files)
        libraries = [path for path in self.files if re.fullmatch(r"/lib(64)?/(\S+/)?[^/]+\.so[.\d]*", path)]
        notices = [path for path in self.files if re.fullmatch(r"/usr/share/doc/[^/]+/copyright", path)]
        self.assertGreater(len(libraries), 10)
        self.assertGreater(len(notices), 10)
        self.assertEqual(set(self.files), {"/bin/tidewait", *libraries, *notices})

    def test_it_says_how_it_is_run(self):
        config = self.image["Config"]
        self.assertEqual((config["User"], config["Entrypoint"], config["Cmd"]),
                         ("65534:65534", ["/bin/tidewait"], ["serve"]))
        self.assertEqual((list(config["ExposedPorts"]), config["StopSignal"]), (["10098/tcp"], "SIGTERM"))
        self.assertEqual(self.image["Healthcheck"]["Test"], ["CMD", "/bin/tidewait", "healthcheck"])

    def test_it_says_what_it_is(self):
        labels = self.image["Labels"]
        self.assertEqual(labels["org.opencontainers.image.version"], VERSION)
        said = self.engine.run(IMAGE, "--version", network="none").out
        self.assertIn(VERSION, said)
        self.assertIn(labels["org.opencontainers.image.revision"], said)

    def test_it_is_saved_for_docker_load(self):
        self.assertEqual(self.saved[0]["RepoTags"], [IMAGE])


if __name__ == "__main__":
    main()
