"""The Kubernetes manifests: every field is known and of its type, and no pod asks for more than it should."""

import copy
import json
import unittest

from lab.suite import main
from lab.typescript import type_errors
from manifests import FOLDER, WAYS, built, one
from podsecurity import beyond_restricted
from shipped import VERSION

_OPERATOR = "monitoring.coreos.com/"


def as_typescript(document):
    """A module that is right when the object is one of its kind and has no other field."""
    version, kind = document["apiVersion"], document["kind"]
    package = "@kubernetes-models/prometheus-operator" if version.startswith(_OPERATOR) else "kubernetes-models"
    return (f'import type {{ I{kind} }} from "{package}/{version}/{kind}";\n'
            f"export const object: I{kind} = {json.dumps(document, indent=2)};\n")


def pod_of(way, kind):
    """The template's spec."""
    return one(way, kind)["spec"]["template"]["spec"]


class Manifests(unittest.TestCase):
    def test_every_folder_is_known_here(self):
        self.assertEqual(tuple(sorted(path.name for path in FOLDER.iterdir())), WAYS)

    def test_every_field_is_known_and_of_its_type(self):
        objects = {f"{way}-{document['kind']}.ts": as_typescript(document) for way in WAYS for document in built(way)}
        self.assertEqual(type_errors(objects), [])

    def test_a_field_that_nobody_knows_is_noticed(self):
        def with_typo(way, kind, name, place):
            document = copy.deepcopy(one(way, kind))
            place(document["spec"])[name] = True
            return as_typescript(document)

        said = type_errors({
            "pod.ts": with_typo("node", "DaemonSet", "hostNetwrok", lambda spec: spec["template"]["spec"]),
            "probe.ts": with_typo("node", "DaemonSet", "prot", lambda spec:
                                  spec["template"]["spec"]["containers"][0]["livenessProbe"]["httpGet"]),
            "policy.ts": with_typo("sidecar", "NetworkPolicy", "form", lambda spec: spec["ingress"][1]),
            "monitor.ts": with_typo("prometheus-operator", "PodMonitor", "intervall", lambda spec:
                                    spec["podMetricsEndpoints"][0]),
        })
        for name in ("hostNetwrok", "prot", "form", "intervall"):
            self.assertTrue(any(f'"{name}"' in line for line in said), said)
        self.assertEqual(len(said), 4, said)

    def test_the_agent_is_of_this_version(self):
        for way, kind in (("node", "DaemonSet"), ("sidecar", "Deployment")):
            images = {container["name"]: container["image"] for container in pod_of(way, kind)["containers"]}
            self.assertEqual(images["tidewait"], f"tidewait:{VERSION}")

    def test_the_sidecar_passes_the_level_restricted(self):
        self.assertEqual(beyond_restricted(pod_of("sidecar", "Deployment")), set())
        labels = one("sidecar", "Namespace")["metadata"]["labels"]
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
            pod = copy.deepcopy(pod_of("sidecar", "Deployment"))
            change(pod)
            self.assertEqual(beyond_restricted(pod), {control})

    def test_the_node_asks_for_the_network_of_the_host_only(self):
        self.assertEqual(beyond_restricted(pod_of("node", "DaemonSet")), {"hostNetwork", "hostPorts"})

    def test_all_namespaces_ask_for_what_is_written_beside_them(self):
        pod = pod_of("all-namespaces", "DaemonSet")
        self.assertEqual(beyond_restricted(pod), {"hostNetwork", "hostPorts", "hostPID", "capabilities", "runAsNonRoot",
                                                  "runAsUser", "allowPrivilegeEscalation", "appArmor"})
        reasons = (FOLDER / "all-namespaces/kustomization.yaml").read_text(encoding="utf-8")
        for capability in pod["containers"][0]["securityContext"]["capabilities"]["add"]:
            self.assertIn(capability, reasons)

    def test_prometheus_finds_every_agent(self):
        monitor = one("prometheus-operator", "PodMonitor")["spec"]
        (label,) = [rule["key"] for rule in monitor["selector"]["matchExpressions"]]
        for way, kind in (("node", "DaemonSet"), ("sidecar", "Deployment")):
            template = one(way, kind)["spec"]["template"]
            self.assertIn(label, template["metadata"]["labels"])
            ports = {port["name"] for container in template["spec"]["containers"] for port in container["ports"]}
            self.assertIn(monitor["podMetricsEndpoints"][0]["port"], ports)


if __name__ == "__main__":
    main()
