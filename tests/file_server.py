"""A small web server on this machine, that can be made to misbehave."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves `files` by path, with tags and ranges."""

    daemon_threads = False  # their ends are waited for

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.ways_on: dict[str, str] = {}  # redirects
        self.changed_headers: dict[str, str | None] = {}  # None: left out
        self.cut_after: int | None = None  # bytes of the next answer, then the connection ends
        self.pause_after: int | None = None  # bytes, then nothing before `go_on`
        self.go_on = threading.Event()
        self.ranges: list[str | None] = []  # asked for, one per request
        self.num_unchanged = 0  # answers without a file, as the one there is the newest

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked has gone: that is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        server = self.server
        name = self.path.lstrip("/").partition("?")[0]
        server.ranges.append(self.headers["Range"])
        if name in server.ways_on:
            self.send_response(302)
            self._end_headers({"Location": server.ways_on[name], "Content-Length": "0"})
        elif name in server.files:
            self._send_file(server.files[name])
        else:
            self.send_error(404)

    def _send_file(self, data: bytes) -> None:
        tag = f'"{hashlib.sha256(data).hexdigest()[:8]}"'
        headers = {"ETag": tag, "Content-Length": str(len(data))}
        asked = self.headers["Range"]
        if self.headers["If-None-Match"] == tag:
            self.server.num_unchanged += 1
            self.send_response(304)
            self._end_headers({"ETag": tag})
            return
        if asked and self.headers["If-Range"] == tag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            headers["Content-Length"] = str(len(data) - start)
            self.send_response(206)
            data = data[start:]
        else:
            self.send_response(200)
        self._end_headers(headers)
        cut, self.server.cut_after = self.server.cut_after, None
        pause = self.server.pause_after
        if pause is not None:
            self.wfile.write(data[:pause])
            self.server.go_on.wait(60)
        self.wfile.write(data[pause:cut])

    def _end_headers(self, headers: dict[str, str]) -> None:
        for name, value in {**headers, **self.server.changed_headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quietly."""


@contextmanager
def running_server() -> Iterator[FileServer]:
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
