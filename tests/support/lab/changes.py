"""Changes that `tidewait wait` waits for. Each function makes a situation on a port, and gives the arguments of `wait`,
the change itself, and what is to be closed in the end."""

import socket
import struct
import subprocess

from lab import sockets

_RESET = struct.pack("ii", 1, 0)


def _reset(*ends):
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    for end in ends:
        end.close()


def close_listener(port):
    server = sockets.listener("0.0.0.0", port)
    return [str(port)], server.close, [server]


def close_dual_stack_listener(port):
    server = sockets.listener("::", port)
    return [f"127.0.0.1:{port}"], server.close, [server]


def close_bound(port):
    holder = sockets.bound("127.0.0.1", port)
    return [str(port)], holder.close, [holder]


def close_bound_with_reuseaddr(port):
    holder = sockets.bound("127.0.0.1", port, reuseaddr=True)
    return [str(port)], holder.close, [holder]


def close_udp(port):
    holder = sockets.bound("0.0.0.0", port, protocol="udp")
    return [f"udp:{port}"], holder.close, [holder]


def reset_connection(port):
    ends = sockets.accepted("127.0.0.1", port)
    return [str(port)], lambda: _reset(*ends), ends


def reset_connection_with_reuseaddr(port):
    ends = sockets.accepted("127.0.0.1", port, reuseaddr=True)
    return [str(port)], lambda: _reset(*ends), ends


def reset_outgoing(port):
    with sockets.listener("127.0.0.2", port) as server:
        client = sockets.new_socket("127.0.0.1")
        client.bind(("127.0.0.1", port))
        client.connect(server.getsockname())
        far = server.accept()[0]
    return [f"127.0.0.1:{port}"], lambda: _reset(client, far), [client, far]


def _release(port):
    subprocess.run(["ss", "-K", "-Htan", f"sport = :{port}"], check=True, stdout=subprocess.DEVNULL)


def release_time_wait(port):
    sockets.time_wait("127.0.0.1", port, 3)
    return [str(port)], lambda: _release(port), []


def release_time_wait_with_reuseaddr(port):
    sockets.time_wait("127.0.0.1", port, 3, reuseaddr=True)
    return [str(port)], lambda: _release(port), []


def release_for_reuseaddr(port):
    sockets.time_wait("127.0.0.1", port, 3)
    return [str(port), "--reuseaddr"], lambda: _release(port), []


def begin_to_listen(port):
    server = sockets.bound("127.0.0.1", port)
    return [str(port), "--for", "listening"], server.listen, [server]


def begin_to_listen_on_udp(port):
    server = sockets.new_socket("127.0.0.1", protocol="udp")
    return [f"udp:{port}", "--for", "listening"], lambda: server.bind(("127.0.0.1", port)), [server]


CHANGES = (close_listener, close_dual_stack_listener, close_bound, close_bound_with_reuseaddr, close_udp,
           reset_connection, reset_connection_with_reuseaddr, reset_outgoing, release_time_wait,
           release_time_wait_with_reuseaddr, release_for_reuseaddr, begin_to_listen, begin_to_listen_on_udp)
