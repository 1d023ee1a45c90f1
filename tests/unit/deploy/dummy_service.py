"""A service of nothing but /readyz: stands in for a real one where only supervision is tested."""

import http.server
import os


class _Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["FENGHUO_GROUP_INSTANCE_ID"].encode())


if __name__ == "__main__":
    address = ("127.0.0.1", int(os.environ["FENGHUO_HTTP_PORT"]))
    http.server.ThreadingHTTPServer(address, _Ready).serve_forever()
