"""The Kubernetes manifests: every field is known and of its type, and no pod asks for more than it should."""

import copy
import json
import unittest

from lab.suite import main
from lab.typescript import type_errors
from manifests import FOLDER, WAYS, built, one, patches, written
from podsecurity import beyond_restricted
from shipped import VERSION

_OPERATOR = "monitoring.coreos.com/"
# Anything may be left out of it, at any depth.
_PART = "type Part<T> = T extends object ? { [K in keyof T]?: Part<T[K]> } : T;\n"


def as_typescript(document, part=False):
    """A module that is right when the object is one of its kind, or a part of one, and has no other field."""
    version, kind = document["apiVersion"], document["kind"]
    package = "@kubernetes-models/prometheus-operator" if version.startswith(_OPERATOR) else "kubernetes-models"
    return (f'import type {{ I{kind} }} from "{package}/{version}/{kind}";\n'
            f"{_PART if part else ''}"
            f"export const object: {f'Part<I{kind}>' if part else f'I{kind}'} = {json.dumps(document, indent=2)};\n")


def pod_of(objects, kind):
    """The template's spec."""
    return one(objects, kind)["spec"]["template"]["spec"]


class Manifests(unittest.TestCase):
    def test_every_folder_is_known_here(self):
        self.assertEqual(tuple(sorted(path.name for path in FOLDER.iterdir())), WAYS)

    def test_every_field_is_known_and_of_its_type(self):
        objects = {f"{way}-{document['kind']}.ts": as_typescript(document) for way in WAYS for document in written(way)}
        parts = {f"{way}-{document['kind']}.ts": as_typescript(document, part=True)
                 for way in WAYS for document in patches(way)}
        files = len(list(FOLDER.rglob("*.yaml"))) - len(WAYS)
        self.assertEqual(len(objects) + len(parts), files, "a kustomization.yaml names each file, which holds one object")
        self.assertEqual(type_errors({**objects, **parts}), [])

    def test_kustomize_builds_each_folder(self):
        for way in WAYS:
            with self.subTest(way):
                self.assertLessEqual({each["kind"] for each in written(way)}, {each["kind"] for each in built(way)})

    def test_what_a_patch_makes_of_another_s_objects_is_as_right(self):
        objects = {f"{document['kind']}.ts": as_typescript(document) for document in built("all-namespaces")}
        self.assertEqual(type_errors(objects), [])

    def test_a_field_that_nobody_knows_is_noticed(self):
        def with_typo(document, name, place, part=False):
            changed = copy.deepcopy(document)
            place(changed["spec"])[name] = True
            return as_typescript(changed, part)

        def container(spec):
            return spec["template"]["spec"]["containers"][0]

        daemons = one(written("node"), "DaemonSet")
        said = type_errors({
            "pod.ts": with_typo(daemons, "hostNetwrok", lambda spec: spec["template"]["spec"]),
            "probe.ts": with_typo(daemons, "prot", lambda spec: container(spec)["livenessProbe"]["httpGet"]),
            "policy.ts": with_typo(one(written("sidecar"), "NetworkPolicy"), "form", lambda spec: spec["ingress"][1]),
            "monitor.ts": with_typo(one(written("prometheus-operator"), "PodMonitor"), "intervall",
                                    lambda spec: spec["podMetricsEndpoints"][0]),
            "patch.ts": with_typo(one(patches("all-namespaces"), "DaemonSet"), "priviliged",
                                  lambda spec: container(spec)["securityContext"], part=True),
        })
        for name in ("hostNetwrok", "prot", "form", "intervall", "priviliged"):
            self.assertTrue(any(f'"{name}"' in line for line in said), said)
        self.assertEqual(len(said), 5, said)

    def test_the_agent_is_of_this_version(self):
        for way, kind in (("node", "DaemonSet"), ("sidecar", "Deployment")):
            images = {container["name"]: container["image"] for container in pod_of(built(way), kind)["containers"]}
            self.assertEqual(images["tidewait"], f"tidewait:{VERSION}")

    def test_the_sidecar_passes_the_level_restricted(self):
        self.assertEqual(beyond_restricted(pod_of(written("sidecar"), "Deployment")), set())
        labels = one(written("sidecar"), "Namespace")["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")

    def test_a_pod_that_asks_for_more_is_noticed(self):
        context = "securityContext"
        for control, change in {
            "hostPID": lambda pod: pod.update(hostPID=True),
            "volumes": lambda pod: pod.update(volumes=[{"name": "proc", "hostPath": {"path": "/proc"}}]),
            "seccompProfile": lambda pod: pod[context].pop("seccompProfile"),
            "runAsNonRoot": lambda pod: pod[context].pop("runAsNonRoot"),
            "runAsUser": lambda pod: pod["containers"][0][context].update(runAsUser=0),
            "privileged": lambda pod: pod["containers"][1][context].update(privileged=True),
            "capabilities": lambda pod: pod["containers"][1][context].pop("capabilities"),
            "allowPrivilegeEscalation": lambda pod: pod["containers"][0][context].pop("allowPrivilegeEscalation"),
        }.items():
            pod = copy.deepcopy(pod_of(written("sidecar"), "Deployment"))
            change(pod)
            self.assertEqual(beyond_restricted(pod), {control})

    def test_the_node_asks_for_the_network_of_the_host_only(self):
        self.assertEqual(beyond_restricted(pod_of(written("node"), "DaemonSet")), {"hostNetwork", "hostPorts"})

    def test_all_namespaces_ask_for_what_is_written_beside_them(self):
        pod = pod_of(built("all-namespaces"), "DaemonSet")
        self.assertEqual(beyond_restricted(pod), {"hostNetwork", "hostPorts", "hostPID", "capabilities", "runAsNonRoot",
                                                  "runAsUser", "allowPrivilegeEscalation", "appArmor"})
        reasons = (FOLDER / "all-namespaces/kustomization.yaml").read_text(encoding="utf-8")
        for capability in pod["containers"][0]["securityContext"]["capabilities"]["add"]:
            self.assertIn(capability, reasons)

    def test_prometheus_finds_every_agent(self):
        monitor = one(written("prometheus-operator"), "PodMonitor")["spec"]
        (label,) = [rule["key"] for rule in monitor["selector"]["matchExpressions"]]
        for way, kind in (("node", "DaemonSet"), ("sidecar", "Deployment")):
            template = one(written(way), kind)["spec"]["template"]
            self.assertIn(label, template["metadata"]["labels"])
            ports = {port["name"] for container in template["spec"]["containers"] for port in container["ports"]}
            self.assertIn(monitor["podMetricsEndpoints"][0]["port"], ports)


if __name__ == "__main__":
    main()
