# SPDX-License-Identifier: MIT
"""python -m lib.webhook PORT FILE: keeps what Alertmanager posts, one line of JSON each time."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open(sys.argv[2], "a") as file:
            file.write(json.dumps({"at": time.time(), **told}) + "\n")
        self.send_response(204)
        self.end_headers()


HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
