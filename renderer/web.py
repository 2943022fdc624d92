"""One file from a server: the request, and its bytes as they come.

The network is read by a thread of its own, so that whoever waits for the bytes can give up at any
time, also while a server is silent. Certificates are verified, redirects lead to http and https
only, and each failure is one sentence.
"""

from __future__ import annotations

import http.client
import queue
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote, urlsplit, urlunsplit

from networks import CheckpointError
from networks.errors import one_line

SILENCE_SEC = 20.0  # without a byte from the server
_TICK_SEC = 0.1
_CHUNK_BYTES = 1 << 20
_QUEUED_CHUNKS = 8
_AGENT = "Latent-Loupe"
_ADVICE = {
    401: "it wants a login: download the file with a browser and open that",
    403: "the server does not give it to us: download the file with a browser and open that",
    404: "there is no such file: check the address",
    410: "the file is gone: look for another address",
    429: "the server wants a pause: try again later",
}


class DownloadError(CheckpointError):
    """A file that cannot be had from its address; one sentence that names the address."""


@dataclass(frozen=True)
class Answer:
    """How a server begins its answer."""

    status: int  # 200 or 206, or 304 or 416
    headers: Mapping[str, str]


def fail(address: str, what: str) -> DownloadError:
    """The sentence about an address."""
    return DownloadError(f"{one_line(address, 300)!r} {what}")


def check_address(address: str) -> str:
    """The address as it goes to a server: letters outside ASCII are escaped.

    Raises:
        DownloadError: it is not one of http or https, or cannot be one.
    """
    try:
        parts = urlsplit(address)
        if parts.scheme.lower() not in ("http", "https"):
            what = "is not opened: only http:// and https:// are; download the file and open that"
            raise fail(address, what)
        if parts.username is not None or parts.password is not None:
            what = "holds a user name: download the file with a browser and open that"
            raise fail(address, what)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        host = f"[{host}]" if ":" in host else host
        place = host if parts.port is None else f"{host}:{parts.port}"
    except ValueError as error:  # a port that is no number, a name that no server may have
        raise fail(address, f"is no address ({one_line(error)}): check it") from error
    if not host:
        raise fail(address, "names no server: check the address")
    path, query = (quote(part, safe="%/:=&?~+!$,;'@()*[]") for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme.lower(), place, path or "/", query, ""))


class Stream:
    """The answer to one request. Use it in a `with`: leaving that ends the request."""

    def __init__(
        self,
        address: str,
        headers: Mapping[str, str],
        tick: Callable[[], None],
        silence_sec: float = SILENCE_SEC,
    ) -> None:
        """Ask the server, and wait for the beginning of its answer.

        Args:
            tick: called several times a second while nothing comes; may raise.
        """
        self._address, self._tick, self._silence_sec = address, tick, silence_sec
        sent = {"User-Agent": _AGENT, "Accept-Encoding": "identity", **headers}
        self._request = urllib.request.Request(check_address(address), headers=sent)
        self._items: queue.Queue[Answer | bytes | Exception] = queue.Queue(_QUEUED_CHUNKS)
        self._ended = threading.Event()
        threading.Thread(target=self._run, daemon=True, name="download").start()
        try:
            answer = self._next()
        except BaseException:
            self._ended.set()
            raise
        assert isinstance(answer, Answer)
        self.answer = answer

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def read(self) -> bytes:
        """The next bytes; b"" at the end."""
        chunk = self._next()
        assert isinstance(chunk, bytes)
        return chunk

    def _next(self) -> Answer | bytes:
        end_sec = time.monotonic() + self._silence_sec
        while True:
            self._tick()
            try:
                item = self._items.get(timeout=min(_TICK_SEC, self._silence_sec))
            except queue.Empty:
                if time.monotonic() >= end_sec:
                    raise self._silent() from None
                continue
            if isinstance(item, Exception):
                raise self._explained(item) from item
            return item

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            with _open(self._request, self._silence_sec) as response:
                self._put(Answer(response.status, response.headers))
                while not self._ended.is_set():
                    chunk = response.read1(_CHUNK_BYTES)
                    self._put(chunk)
                    if not chunk:
                        return
        except Exception as error:  # told by whoever waits
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            self._put(error)

    def _put(self, item: Answer | bytes | Exception) -> None:
        while not self._ended.is_set():
            try:
                self._items.put(item, timeout=_TICK_SEC)
            except queue.Full:
                continue
            return

    # --- sentences -----------------------------------------------------------------------------

    def _silent(self) -> DownloadError:
        what = f"sent nothing for {self._silence_sec:g} seconds: try again"
        return fail(self._address, f"{what}, what came is kept")

    def _explained(self, error: Exception) -> DownloadError:
        if isinstance(error, DownloadError):
            return error
        if isinstance(error, urllib.error.HTTPError):
            advice = _ADVICE.get(error.code, "try again later, or download it with a browser")
            return fail(self._address, f"answered {error.code} {one_line(error.reason)}: {advice}")
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(cause, TimeoutError):
            return self._silent()
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = one_line(cause.verify_message)
            what = f"has a certificate that cannot be trusted ({reason}): check the address"
            return fail(self._address, what)
        if isinstance(cause, OSError) and isinstance(error, urllib.error.URLError):
            reason = one_line(cause.strerror or cause)
            return fail(self._address, f"cannot be reached ({reason}): check it and the network")
        said = cause.strerror if isinstance(cause, OSError) else None
        reason = one_line(said or cause) or type(cause).__name__
        what = f"broke off ({reason}): try again, what came is kept"
        return fail(self._address, what)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """To http and https only, and never from https back to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes] | None,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        target = urlsplit(newurl).scheme.lower()
        if target not in ("http", "https") or (req.type == "https" and target == "http"):
            if fp is not None:
                fp.close()
            what = f"leads on to {one_line(newurl)!r}, which is not followed: "
            raise fail(req.full_url, f"{what}only http:// and https:// are, and not the first "
                       "after the second")  # fmt: skip
        assert fp is not None
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
    ) -> Any:
        # the way on is judged above for every scheme, not only for those that urllib knows
        target = headers.get("location") or headers.get("uri") or ""
        if urlsplit(target).scheme.lower() not in ("", "http", "https"):
            self.redirect_request(req, fp, code, msg, headers, target)
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class _Errors(urllib.request.HTTPErrorProcessor):
    """304 and 416 are answers: there is nothing newer, and a part does not fit."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        is_answer = response.status in (304, 416)
        return response if is_answer else super().http_response(request, response)

    https_response = http_response


def _open(request: urllib.request.Request, timeout_sec: float) -> Any:
    """Nothing but http and https: urllib's own opener also reads files and FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
        _Errors(),
    ):
        opener.add_handler(handler)
    return opener.open(request, timeout=timeout_sec)


def header(headers: Mapping[str, str], name: str) -> str:
    """A header's value without its spaces; "" where there is none."""
    return (headers.get(name) or "").strip()
