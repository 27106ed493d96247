"""Passes requests on to an agent and keeps what was said: the headers of each request, and of its answer."""

import http.client
import http.server
import threading
import urllib.parse


class Relay:
    """On a free port of 127.0.0.1; as a context manager ends itself."""

    def __init__(self, agent):
        self.said = []
        place = urllib.parse.urlsplit(agent.url).netloc
        said = self.said

        class Handler(http.server.BaseHTTPRequestHandler):
            """One connection for each request."""

            def do_GET(self):
                """Byte for byte."""
                connection = http.client.HTTPConnection(place, timeout=30)
                connection.request("GET", self.path, headers=dict(self.headers))
                answer = connection.getresponse()
                body = answer.read()
                connection.close()
                said.append((self.headers, answer.headers))
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
