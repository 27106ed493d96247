"""Everything that an alert is for, brought about for real, on hosts of which all is well before and after it."""

import contextlib
import signal
import socket
import struct

from lab import sockets
from lab.agent import run
from lab.faults import injected
from lab.kernel import new_socket, set_sysctl
from lab.monitoring import Host
from lab.settings import Settings, hang_up

_FREE, _SERVED, _FLOODED, _OVERRUN, _FILLING, _NEARLY_FULL, _LEAKING = 8080, 8081, 8082, 8083, 9001, 9002, 9003
# The port of a service is one of a hundred ephemeral ports.
_EPHEMERAL = "40000 40099"
_TAKEN = 40050
_FILLING_COUNT, _NEARLY_FULL_COUNT, _LEAKING_COUNT = 82, 97, 25
_BUCKETS = 100_000
_MODEST, _GREEDY = ("interval: 1s", "cpu-budget: 1%"), ("interval: 50ms", "cpu-budget: 100%")
_AT_ONCE = struct.pack("ii", 1, 0)


class Troubles:
    """Three hosts: one has every trouble that sockets can have, the agents of the others have troubles of their own."""

    def __init__(self, case, stack):
        self._settings = Settings(case, *_MODEST)
        watched = (f"--watch={_FREE}=free", f"--watch={_SERVED}=listening", f"--watch={_TAKEN}=listening")
        self.sockets = stack.enter_context(Host(self._settings.flag, *watched, interval=None))
        self.failing, self.stopped = (stack.enter_context(Host()) for _ in range(2))
        self._causes = stack.enter_context(contextlib.ExitStack())
        self._servers = stack.enter_context(contextlib.ExitStack())
        with self.sockets.namespace.inside():
            set_sysctl("ipv4.ip_local_port_range", _EPHEMERAL)
            for port in (_FILLING, _NEARLY_FULL, _LEAKING):
                stack.enter_context(sockets.listener("127.0.0.1", port, reuseaddr=True)).listen(1000)
            self._put_right()

    def hosts(self):
        """In no particular order."""
        return self.sockets, self.failing, self.stopped

    def alerts(self):
        """What must come of them: (name, instance, the port that it is about)."""
        of_ports = {"PortBlocked": [_FREE], "ListenerMissing": [_SERVED, _TAKEN], "PortStolen": [_TAKEN],
                    "PortExposed": [_TAKEN], "ListenerNotRestartSafe": [_FLOODED], "AcceptQueueFull": [_FLOODED],
                    "DestinationFilling": [_FILLING, _NEARLY_FULL], "DestinationNearlyFull": [_NEARLY_FULL],
                    "DestinationExhaustionPredicted": [_LEAKING], "AcceptQueueOverflows": [""],
                    "TimeWaitOverflows": [""], "AgentOverBudget": [""]}
        of_sockets = {(f"Tidewait{name}", self.sockets.instance, str(port))
                      for name, ports in of_ports.items() for port in ports}
        return of_sockets | {("TidewaitAgentFailing", self.failing.instance, ""),
                             ("TidewaitAgentStale", self.failing.instance, ""),
                             ("TidewaitAgentDown", self.stopped.instance, "")}

    def begin(self):
        """All at once, but for the leak, which takes calls of leak()."""
        with self.sockets.namespace.inside():
            self._servers.close()
            sockets.time_wait("127.0.0.1", _FREE, 3)
            set_sysctl("ipv4.ip_local_reserved_ports", "\n")
            self._connect(_FILLING, from_port=_TAKEN)
            for port, count in ((_FILLING, _FILLING_COUNT - 1), (_NEARLY_FULL, _NEARLY_FULL_COUNT),
                                (_LEAKING, _LEAKING_COUNT)):
                for _ in range(count):
                    self._connect(port)
            for end in sockets.unanswered_syn("127.0.0.1", _FLOODED):
                self._causes.enter_context(end)
            set_sysctl("ipv4.tcp_max_tw_buckets", 3)
            sockets.time_wait("127.0.0.1", _OVERRUN, 100, reuseaddr=True)
        self._take(_GREEDY)
        self.stopped.agent.process.send_signal(signal.SIGSTOP)
        self._causes.callback(self.stopped.agent.process.send_signal, signal.SIGCONT)
        self._causes.enter_context(injected(self.failing.agent.process, "recvmsg:error=ENOBUFS"))

    def leak(self):
        """One more connection that is never closed."""
        with self.sockets.namespace.inside():
            self._connect(_LEAKING)

    def end(self):
        """Every cause goes."""
        self._causes.close()
        self._take(_MODEST)
        with self.sockets.namespace.inside():
            released = run("release", str(_FREE), "--time-wait", "--yes")
            assert released.code == 0, released
            self._put_right()

    def _put_right(self):
        set_sysctl("ipv4.ip_local_reserved_ports", _TAKEN)
        set_sysctl("ipv4.tcp_max_tw_buckets", _BUCKETS)
        for port in (_SERVED, _TAKEN):
            self._servers.enter_context(sockets.listener("0.0.0.0", port, reuseaddr=True))

    def _take(self, settings):
        self._settings.write(*settings)
        hang_up(self.sockets.agent, says="configuration reread")

    def _connect(self, port, from_port=0):
        # With SO_REUSEADDR a test-bind that is under way is not in its way.
        client = self._causes.enter_context(new_socket("127.0.0.1", reuseaddr=bool(from_port)))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        if from_port:
            client.bind(("127.0.0.1", from_port))
        client.connect(("127.0.0.1", port))
