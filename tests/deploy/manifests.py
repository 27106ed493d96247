"""The Kubernetes manifests, as they are written and as kustomize builds them."""

import functools
import json
import re
import shutil
import subprocess
import unittest

import yaml
from shipped import SOURCE

FOLDER = SOURCE / "deploy/kubernetes"
WAYS = ("all-namespaces", "node", "prometheus-operator", "sidecar")
# Before, kubectl had kustomize 2.0, which knows neither folders as resources nor patches with a path.
_NEW_ENOUGH = (1, 21)


def _plan(way):
    return yaml.safe_load((FOLDER / way / "kustomization.yaml").read_text(encoding="utf-8"))


def _objects(way, names):
    return [each for name in names for each in yaml.safe_load_all((FOLDER / way / name).read_text(encoding="utf-8"))]


def written(way):
    """The objects of a folder, as they stand in its files."""
    return _objects(way, [name for name in _plan(way)["resources"] if not (FOLDER / way / name).is_dir()])


def patches(way):
    """What a folder changes of another's objects: parts of such, as they stand in its files."""
    return _objects(way, [patch["path"] for patch in _plan(way).get("patches", ())])


@functools.cache
def _kubectl_version():
    """None where there is none."""
    if shutil.which("kubectl") is None:
        return None
    command = ["kubectl", "version", "--client", "--output=json"]
    version = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["clientVersion"]
    return tuple(int(re.match(r"\d+", version[part]).group()) for part in ("major", "minor"))


@functools.cache
def built(way):
    """The objects of a folder, with those that it builds upon; skips the test where kubectl is missing, or too old."""
    version = _kubectl_version()
    if version is None:
        raise unittest.SkipTest("kubectl is missing: apt-get install kubernetes-client")
    if patches(way) and version < _NEW_ENOUGH:
        raise unittest.SkipTest(f"kubectl {version[0]}.{version[1]} is too old to build {way}: it must be 1.21 or later")
    done = subprocess.run(["kubectl", "kustomize", FOLDER / way], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return list(yaml.safe_load_all(done.stdout))


def one(objects, kind):
    """The only one of this kind."""
    found = [each for each in objects if each["kind"] == kind]
    assert len(found) == 1, (kind, len(found))
    return found[0]
