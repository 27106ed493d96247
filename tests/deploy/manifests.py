"""The Kubernetes manifests, as kustomize builds them."""

import functools
import shutil
import subprocess
import unittest

import yaml
from shipped import SOURCE

FOLDER = SOURCE / "deploy/kubernetes"
WAYS = ("all-namespaces", "node", "prometheus-operator", "sidecar")
# kustomize 2.0, in kubectl before 1.21, takes no folder as a resource.
_TOO_OLD = "must be a file"


@functools.cache
def built(way):
    """The objects of a folder; skips the test where there is no kubectl, or one that is too old."""
    if shutil.which("kubectl") is None:
        raise unittest.SkipTest("kubectl is missing: apt-get install kubernetes-client")
    done = subprocess.run(["kubectl", "kustomize", FOLDER / way], capture_output=True, text=True, check=False)
    if _TOO_OLD in done.stderr:
        raise unittest.SkipTest(f"kubectl is too old to build {way}: it must be 1.21 or later")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return list(yaml.safe_load_all(done.stdout))


def one(way, kind):
    """The only object of this kind."""
    found = [each for each in built(way) if each["kind"] == kind]
    assert len(found) == 1, (way, kind, len(found))
    return found[0]
