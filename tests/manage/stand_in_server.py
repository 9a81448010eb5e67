"""A stand-in for ``python -m server``: it answers ``/health`` as the contract says, and misbehaves
as ``STAND_IN`` asks, so that ``manage.sh`` is tested against every kind of start and end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = {
    "status": "ok",
    "service": "linnet",
    "version": "9.9.9",
    "mode": "local",
    "classifier": "mock" if os.environ.get("CF_VOICE_MOCK") == "1" else "acoustic",
}


class Health(BaseHTTPRequestHandler):
    """Answers every GET with the state of health."""

    def do_GET(self) -> None:
        """Answer."""
        ready = os.environ.get("STAND_IN") != "never-ready"
        body = json.dumps({**ANSWER, "ready": ready}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the log for what the tests look for."""


def serve() -> None:
    """Listen on both ports until told to end."""
    behaviour = os.environ.get("STAND_IN", "")
    if behaviour == "dies":
        sys.exit("first line\nLINNET_DATA_DIR=/nowhere cannot be written\n")
    host = os.environ["LINNET_HOST"]
    ports = (int(os.environ["LINNET_PORT"]), int(os.environ["LINNET_FRONTEND_PORT"]))
    servers = [ThreadingHTTPServer((host, port), Health) for port in ports]
    ended = threading.Event()
    if behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stderr.write("listening\n")
    sys.stderr.flush()
    ended.wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.stdout.write(" ".join(sys.argv[1:]) + "\n")
