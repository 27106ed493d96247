"""An agent with --web.config.file, and clients that know how to speak to it."""

import base64
import contextlib
import os
import pathlib
import socket
import ssl
import urllib.parse

from lab.agent import Agent
from lab.waiting import until


def write(path, text):
    """Replaces a file as a whole, as a careful administrator does."""
    fresh = pathlib.Path(f"{path}.new")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, path)


def basic(user, password):
    """The header of basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def trusting(authority, client=None, least=ssl.TLSVersion.TLSv1_2, most=ssl.TLSVersion.TLSv1_3):
    """What a client brings along: the CA that it trusts, and its own certificate."""
    context = ssl.create_default_context(cafile=authority.certificate)
    context.minimum_version = least
    context.maximum_version = most
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    return context


def place_of(agent):
    """Host and port of its URL."""
    url = urllib.parse.urlsplit(agent.url)
    return url.hostname, url.port


def ask(agent, context, path="/healthz", headers=None):
    """The status over a connection of its own; None when none is served."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n"
    try:
        with socket.create_connection(place_of(agent), timeout=30) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(request.encode())
            return int(secure.makefile("rb").readline().split()[1])
    except (OSError, IndexError):
        return None


def served_name(agent, context):
    """The common name of the certificate that a new connection meets."""
    with socket.create_connection(place_of(agent), timeout=30) as plain, \
            context.wrap_socket(plain, server_hostname="localhost") as secure:
        return dict(pair for part in secure.getpeercert()["subject"] for pair in part)["commonName"]


@contextlib.contextmanager
def agent_with(config, *flags, context=None, headers=None, **options):
    """A running agent; context and headers: how to know that it is ready; options: as for Agent."""
    with Agent(f"--web.config.file={config}", *flags, ready=False, **options) as agent:
        if context is not None:
            until(lambda: ask(agent, context, "/readyz", headers) == 200, "the agent is ready")
        else:
            until(lambda: agent.get("/readyz", headers=headers).status == 200, "the agent is ready")
        yield agent
