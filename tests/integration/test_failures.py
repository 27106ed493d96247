"""A round that fails says so: no socket series, a counter that rises, /readyz with the reason; and it recovers."""

import re
import unittest

from lab.agent import Agent
from lab.faults import injected
from lab.suite import main
from lab.waiting import until

MEASURED = ("tidewait_sockets", "tidewait_port_sockets", "tidewait_port_bindable", "tidewait_port_blocked",
            "tidewait_port_frees_in_seconds", "tidewait_listen_queue_length", "tidewait_ephemeral_ports_used")
INTERVAL_SECONDS = 0.3
UNREADY_INTERVALS = 3


def failures(page, **labels):
    return page.sum("tidewait_round_failures_total", **labels)


class Failures(unittest.TestCase):
    def setUp(self):
        self.agent = Agent(f"--interval={int(INTERVAL_SECONDS * 1000)}ms", "--cpu-budget=100%", "--watch=8080", quick=False,
                           env={"ASAN_OPTIONS": "detect_leaks=0"})
        self.addCleanup(self.agent.kill)

    def check_failing(self, reason, stage):
        """Once a round has failed: nothing measured is shown, and everybody who asks is told."""
        def failed_page():
            page = self.agent.metrics()
            return not page.has("tidewait_sockets") and page

        page = until(failed_page, "a failed round is shown")
        for name in MEASURED:
            self.assertFalse(page.has(name), name)
        self.assertGreater(failures(page, stage=stage), 0)
        self.assertEqual(failures(page), failures(page, stage=stage))
        for path in ("/api/v1/ports", "/api/v1/ports/8080"):
            answer = self.agent.get(path)
            self.assertEqual(answer.status, 503)
            self.assertRegex(answer.body.decode(), reason)
        netns = self.agent.json("/api/v1/report")["netns"][0]
        self.assertRegex(netns["error"]["message"], reason)
        self.assertFalse({"totals", "ports"} & netns.keys())

        until(lambda: self.agent.get("/readyz").status == 503, "not ready any more")
        said = self.agent.get("/readyz").body.decode()
        self.assertRegex(said, reason)
        # Not at the first failure, but when the last success is three intervals old.
        age = float(re.search(r"([0-9.]+) s ago", said).group(1))
        self.assertGreaterEqual(age, UNREADY_INTERVALS * INTERVAL_SECONDS)
        self.assertEqual(self.agent.get("/healthz").status, 200)
        return failures(page)

    def check_recovered(self, failed):
        until(lambda: self.agent.get("/readyz").status == 200, "ready again")
        page = self.agent.metrics()
        for name in MEASURED[:3]:
            self.assertTrue(page.has(name), name)
        self.assertGreaterEqual(failures(page), failed)
        self.assertEqual(self.agent.verdict(8080)["verdict"], "free")
        self.assertRegex(self.agent.log(), r'level=error msg="round failed"')
        self.assertRegex(self.agent.log(), r'level=info msg="rounds succeed again"')
        self.agent.stop()

    def check_fault(self, *faults, reason, stage="tcp"):
        with injected(self.agent.process, *faults):
            failed = self.check_failing(reason, stage)
        self.check_recovered(failed)

    def test_an_overrun_socket(self):
        self.check_fault("recvmsg:error=ENOBUFS", reason="No buffer space")

    def test_a_socket_that_is_interrupted_again_and_again(self):
        self.check_fault("recvmsg:error=EINTR", reason="[Ii]nterrupted")

    def test_a_request_that_is_refused(self):
        self.check_fault("sendto:error=EBUSY", reason="busy")

    def test_a_netlink_socket_that_cannot_be_opened(self):
        self.check_fault("recvmsg:error=ENOBUFS", "socket:error=EMFILE", reason="Too many open files")

    def test_an_answer_that_is_cut_short(self):
        self.check_fault("recvmsg:retval=10", reason="cut short|impossible")

    def test_one_fault_is_overcome_within_the_round(self):
        before = self.agent.metrics()
        with injected(self.agent.process, "recvmsg:error=ENOBUFS:when=1"):
            self.agent.next_round()
        self.assertEqual(failures(self.agent.metrics()), failures(before))
        self.assertTrue(self.agent.metrics().has("tidewait_sockets"))
        self.agent.stop()


if __name__ == "__main__":
    main()
