"""A server's load: connections that are made and closed all the time, by some clients at once."""

import contextlib
import socket
import threading

_CLIENTS = 4
_KEPT_OPEN = 20
# Of one client: a server that keeps every connection runs out of descriptors otherwise.
_SECONDS_BETWEEN_CONNECTIONS = 0.01


class Load:
    """As a context manager: meanwhile the server there has clients, until it refuses one."""

    def __init__(self, address):
        self._address, self._ended = address, threading.Event()
        self._clients = [threading.Thread(target=self._live) for _ in range(_CLIENTS)]

    def _live(self):
        with contextlib.ExitStack() as every, contextlib.suppress(ConnectionError):
            kept = []
            while not self._ended.wait(_SECONDS_BETWEEN_CONNECTIONS):
                kept.append(every.enter_context(socket.create_connection(self._address)))
                if len(kept) > _KEPT_OPEN:
                    kept.pop(0).close()

    def until_refused(self):
        """Waits until no client gets through any more; all that they had open is then closed."""
        for client in self._clients:
            client.join()

    def __enter__(self):
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, kind, error, trace):
        self._ended.set()
        self.until_refused()
