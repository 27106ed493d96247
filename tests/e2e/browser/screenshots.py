"""The status page of a calm host and in an incident, on a desktop and on a phone, as pictures in a directory."""

import pathlib
import socket
import sys
import threading

from lab import harbour
from lab.agent import Agent
from lab.browser import Browser
from lab.waiting import until

PICTURE_BYTES_MAX = 150 << 10
# So long the page watches before its picture is taken: charts need something to show.
ROUNDS = 40
SIZES = {"desktop": {"width": 1120, "height": 1000}, "phone": {"width": 390, "height": 844, "scale": 1.5}}


def visit(stopped):
    """A client of the calm host, now and then: the server closes first, and keeps the TIME_WAIT."""
    while not stopped.wait(0.4):
        with socket.create_connection(("127.0.0.1", harbour.LISTENER)) as client:
            client.recv(1)


def serve(server, stopped):
    """Takes every connection, and closes it."""
    server.settimeout(0.2)
    while not stopped.is_set():
        try:
            server.accept()[0].close()
        except TimeoutError:
            continue


def take(directory, name, flags):
    """Pictures of a world that exists already."""
    servers = (f"--watch={harbour.LISTENER}", f"--watch={harbour.DATABASE}", f"--watch=udp:{harbour.RESOLVER}")
    flags = (*servers, *flags, "--no-watch-listeners")
    with Agent("--interval=500ms", "--cpu-budget=100%", *flags, quick=False) as agent, Browser() as browser:
        for size, look in SIZES.items():
            browser.open(agent.url + "/", scheme="light", **look)
            browser.do("click", selector="[data-span='300']")
            rounds = agent.rounds() + ROUNDS
            until(lambda rounds=rounds: agent.rounds() >= rounds, "enough rounds", 120)
            if name == "incident" and size == "desktop":
                browser.do("click", selector="#port-table tbody tr:nth-child(2) button.open")
            browser.evaluate("scrollTo(0, 0)")
            path = directory / f"{name}-{size}.png"
            browser.do("screenshot", path=str(path), whole=False)
            assert path.stat().st_size < PICTURE_BYTES_MAX, f"{path} has {path.stat().st_size} bytes"
            print(f"{path}: {path.stat().st_size >> 10} KiB")


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    stopped = threading.Event()
    with harbour.calm() as server:
        helpers = [threading.Thread(target=serve, args=(server, stopped)), threading.Thread(target=visit, args=(stopped,))]
        for helper in helpers:
            helper.start()
        try:
            take(directory, "calm", [f"--watch={harbour.FREE}=free"])
        finally:
            stopped.set()
            for helper in helpers:
                helper.join()
    with harbour.incident():
        take(directory, "incident", harbour.INCIDENT_FLAGS)


if __name__ == "__main__":
    main()
