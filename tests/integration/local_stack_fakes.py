"""``python -m infra.local`` with small processes in place of the services.

Each answers its health check, knows one trick by file name, and logs as the services do.
"""

import sys
from dataclasses import replace

from infra.local import processes
from infra.local.entry import main

_FAKE = """
import http.server, json, os, pathlib, signal, sys
state = pathlib.Path(os.environ["CAPTION_STACK"])
name, port = sys.argv[1], int(sys.argv[2])
if (state / f"{name}.broken").exists():
    sys.exit("missing setting: " + name)
if (state / f"{name}.stubborn").exists():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer)
(state / f"{name}.environment").write_text(json.dumps(dict(os.environ)))
print("plain words")
print(json.dumps({"event": "ready", "level": "info", "health_port": server.server_port}))
server.serve_forever()
"""


def fakes(*given):
    for real in processes.services(*given):
        argv = (sys.executable, "-c", _FAKE, real.name, str(real.port or 0))
        yield replace(real, argv=argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], lambda *given: list(fakes(*given))))
