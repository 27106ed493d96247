"""The pods of the Kubernetes manifests, run by podman, with the rights that they ask for and no others."""

import copy
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import standins
import yaml
from lab.containers import NOBODY, Container, Engine
from lab.suite import main
from lab.waiting import until
from manifests import built, one
from shipped import IMAGE

# An address of the "node", beside that of loopback.
NODE = "192.0.2.1"
SERVICE_PORT = 8080
CAPABILITIES = {"DAC_READ_SEARCH": 2, "SYS_PTRACE": 19, "SYS_ADMIN": 21}
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def pod_of(way, kind):
    """Of a template: without what the kubelet does itself, for which podman has other means or none."""
    template = copy.deepcopy(one(built(way), kind)["spec"]["template"])
    pod = {"apiVersion": "v1", "kind": "Pod", **template}
    pod["metadata"]["name"] = way
    for container in pod["spec"]["containers"]:
        for left_out in (*PROBES, "ports"):
            container.pop(left_out, None)
        for variable in container.get("env", []):
            if variable["name"] == "HOST_IP":
                variable.pop("valueFrom")
                variable["value"] = NODE
            variable["value"] = variable["value"].replace("$(HOST_IP)", NODE)
    return pod


def probed_paths(way, kind):
    """Of the agent, by what the kubelet asks."""
    containers = one(built(way), kind)["spec"]["template"]["spec"]["containers"]
    (agent,) = [each for each in containers if each["name"] == "tidewait"]
    return [agent[probe]["httpGet"]["path"] for probe in PROBES if probe in agent]


class Pods(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = Engine()
        assert cls.engine.has_image(IMAGE), "deploy/image makes the image"
        standins.need_busybox(cls.engine)
        subprocess.run(["ip", "address", "add", f"{NODE}/32", "dev", "lo"], check=True)

    def play(self, way, kind, *options):
        """The agent in the pod."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=os.environ["CONTAINERS"], encoding="utf-8") as file:
            yaml.safe_dump(pod_of(way, kind), file)
            file.flush()
            self.engine.podman("play", "kube", *options, file.name)
        self.addCleanup(self.engine.podman, "pod", "rm", "--force", "--time=0", way)
        return Container(self.engine, f"{way}-tidewait")

    def run_with_host_pid(self, way, kind):
        """The agent alone, started from what the pod says: this podman plays no hostPID."""
        spec = pod_of(way, kind)["spec"]
        (container,) = spec["containers"]
        context = {**spec["securityContext"], **container["securityContext"]}
        self.assertEqual((spec["hostPID"], spec["hostNetwork"], context["readOnlyRootFilesystem"]), (True, True, True))
        options = ["--pid=host", "--read-only", "--memory=64m"]
        options += [f"--user={context['runAsUser']}:{context['runAsGroup']}"]
        options += [f"--cap-drop={name}" for name in context["capabilities"]["drop"]]
        options += [f"--cap-add={name}" for name in context["capabilities"]["add"]]
        options += [f"--env={variable['name']}={variable['value']}" for variable in container["env"]]
        agent = self.engine.start(container["image"], options=options)
        self.addCleanup(agent.remove)
        return agent

    def ask(self, agent, address, path):
        """What the agent answers, in its network namespace."""
        outcome = agent.beside("curl", "--silent", "--fail", f"http://{address}:10098{path}")
        return outcome.out if outcome.code == 0 else None

    def check(self, agent, address, way, kind, capabilities=()):
        """It is ready, answers its probes, and has these rights."""
        until(lambda: self.ask(agent, address, "/readyz"), "the agent is ready")
        for path in probed_paths(way, kind):
            self.assertIsNotNone(self.ask(agent, address, path), path)
        status = agent.status()
        rights = sum(1 << CAPABILITIES[name] for name in capabilities)
        self.assertEqual({name: int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")},
                         {"CapEff": rights, "CapPrm": rights, "CapBnd": 0, "CapInh": 0, "CapAmb": 0})
        self.assertEqual(status["Uid"].split(), [str(NOBODY)] * 4)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        mounts = pathlib.Path(f"/proc/{agent.pid()}/mountinfo").read_text(encoding="ascii")
        self.assertRegex(mounts, re.compile(r" / / ro[ ,]", re.MULTILINE))
        self.assertEqual(agent.inspect()["HostConfig"]["Memory"], 64 << 20)

    def test_beside_a_service(self):
        agent = self.play("sidecar", "Deployment", "--network=none")
        self.check(agent, "127.0.0.1", "sidecar", "Deployment")

        def found():
            port = json.loads(self.ask(agent, "127.0.0.1", f"/api/v1/ports/{SERVICE_PORT}"))
            return port["verdict"], port["cause"], port["expected"]

        until(lambda: found() == ("held", "listener", "listening"), "the service is seen")
        self.assertEqual(Container(self.engine, "sidecar-web").status()["CapBnd"].strip("0"), "")

    def test_on_a_node(self):
        agent = self.play("node", "DaemonSet")
        self.check(agent, NODE, "node", "DaemonSet")
        self.assertIsNone(self.ask(agent, "127.0.0.1", "/readyz"), "it must listen on the node's address alone")

    def test_for_all_namespaces_of_a_node(self):
        service = self.engine.start(standins.BUSYBOX, "httpd", "-f", "-p", str(SERVICE_PORT), network="none")
        self.addCleanup(service.remove)
        agent = self.run_with_host_pid("all-namespaces", "DaemonSet")
        self.check(agent, NODE, "all-namespaces", "DaemonSet", CAPABILITIES)

        def owners():
            report = json.loads(self.ask(agent, NODE, "/api/v1/report"))
            return {owner["container_id"] for netns in report["netns"] if netns["name"] == service.name[:12]
                    for port in netns["ports"] if port["endpoint"]["port"] == SERVICE_PORT
                    for holder in port["holders"] for owner in holder["owners"]}

        # It sees every namespace of the machine, and other tests may have hundreds.
        until(lambda: owners() == {service.name}, "the port in the service's own network is seen, and whose it is", 60)


if __name__ == "__main__":
    main()
