"""Files behind addresses, kept on disk: fetched once, resumed where they broke off, checked.

A folder for each address holds the file under its own name, what is known about it (`.about.json`,
with its SHA-256), and while it is fetched what has come (`.part`) and of which version of the
server's file that is (`.part.json`). A copy that is whole is used without asking the server, unless
that is wanted. Together they hold a limit: see `kept_files`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import platformdirs

from renderer.kept_files import ABOUT, is_there, lock, make_room, mark_used
from renderer.messages import address_name
from renderer.web import SILENCE_SEC, DownloadError, Stream, fail, header

MAX_BYTES = 4 << 30
SPARE_BYTES = 64 << 20  # of the disk, which others use too
_CHUNK_BYTES = 1 << 20
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,19})-[0-9]{1,19}/([0-9]{1,19})")

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Version:
    """Which of its versions a server's file is; a part of one is never joined with another."""

    total: int | None  # bytes; None where the server sends its end with it
    etag: str = ""
    last_modified: str = ""

    @property
    def condition(self) -> str:
        """For If-Range, which takes no weak tag; "" where nothing tells two versions apart."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified

    def agrees_with(self, other: Version) -> bool:
        """In what both say; an answer about a part need not repeat everything."""
        mine, theirs = asdict(self), asdict(other)
        return all(mine[key] == theirs[key] for key in mine if mine[key] and theirs[key])

    def is_same_as(self, other: Version) -> bool:
        """They agree, and say enough for that: a tag, a time, or at least the length."""
        mine, theirs = asdict(self), asdict(other)
        return self.agrees_with(other) and any(mine[key] and theirs[key] for key in mine)


def default_folder() -> Path:
    """Where downloads are kept; LOUPE_CACHE overrides it."""
    override = os.environ.get("LOUPE_CACHE")
    return Path(override or platformdirs.user_cache_dir("latent-loupe", False)) / "models"


def cached_path(address: str) -> Path:
    """Where the file of an address lies, or will lie."""
    key = hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:16]
    return default_folder() / key / address_name(address)


def forget(address: str) -> None:
    """The copy is of no use: the next time it is fetched again."""
    for path in (cached_path(address), cached_path(address).with_name(ABOUT)):
        with contextlib.suppress(OSError):
            path.unlink()


def fetch(
    address: str, report: Report, silence_sec: float = SILENCE_SEC, again: bool = False
) -> Path:
    """The file of an address: the copy on disk if it is whole, else from the server.

    Args:
        again: ask the server for a newer file, too; the copy stays until that is whole.
        report: told the fraction done and what is being done; may raise, then what has come stays
            for the next time.

    Raises:
        DownloadError: one sentence.
    """
    path = cached_path(address)
    try:
        with _only_one(address, path.with_name(".lock")):
            about = _about(path, report)
            if about is None or again:
                _Download(address, path, report, silence_sec).run(about)
            mark_used(path.parent)
    except OSError as error:
        reason = error.strerror or error
        what = f"cannot be kept in {path.parent} ({reason}): make room there, or set LOUPE_CACHE"
        raise fail(address, what) from error
    return path


class _Download:
    """Of one file, into its folder."""

    def __init__(self, address: str, path: Path, report: Report, silence_sec: float) -> None:
        self._address, self._path = address, path
        self._report, self._silence_sec = report, silence_sec
        self._part, self._note = path.with_name(".part"), path.with_name(".part.json")
        self._done, self._total = 0, 0

    def run(self, copy: Version | None = None) -> None:
        """Fetch what lacks and give it its name.

        Args:
            copy: the version that is there already; nothing lacks where the server has the same.
        """
        if copy is None:
            self._complete()
        elif not self._replace(copy):
            return
        sha256 = _sha256(self._part, self._report)
        version = self._noted()
        os.replace(self._part, self._path)
        self._note.unlink(missing_ok=True)
        about = asdict(version) | {"address": self._address, "size": self._done, "sha256": sha256}
        _write_json(self._path.with_name(ABOUT), about)
        make_room(self._path.parent.parent, self._path.parent)

    def _complete(self) -> None:
        """Fetch what lacks of the part, or all of it."""
        version = self._version_of_part()
        is_all_there = version is not None and self._done == version.total
        if not is_all_there and (version is None or not self._resume(version)):
            self._done = 0
            with self._ask({}) as stream:
                self._take(stream, "wb")

    def _replace(self, copy: Version) -> bool:
        """Fetch what has taken the place of the copy; False: nothing has."""
        condition = {"If-None-Match": copy.etag, "If-Modified-Since": copy.last_modified}
        with self._ask({name: value for name, value in condition.items() if value}) as stream:
            if stream.answer.status == 304:
                return False
            headers = stream.answer.headers
            found = _version(headers, _length(headers))
            if stream.answer.status == 200 and copy.is_same_as(found):
                return False
            self._done = 0
            self._take(stream, "wb")
        return True

    def _noted(self) -> Version:
        """The version of the part; without tags where nothing is known of it."""
        try:
            return Version(**json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, AttributeError):
            return Version(None)

    def _version_of_part(self) -> Version | None:
        """What lies there to go on from; None where nothing does."""
        version = self._noted()
        try:
            self._done = self._part.stat().st_size
        except OSError:
            return None
        return version if self._done > 0 and version.condition else None

    def _resume(self, version: Version) -> bool:
        """Go on after what is there. False: it does not fit the server's file; start anew."""
        condition = {"Range": f"bytes={self._done}-", "If-Range": version.condition}
        self._total = version.total or 0
        with self._ask(condition) as stream:
            if stream.answer.status == 200:  # the whole file: it has changed, or comes whole only
                self._done = 0
                self._take(stream, "wb")
                return True
            headers = stream.answer.headers
            found = _CONTENT_RANGE.fullmatch(header(headers, "Content-Range"))
            if stream.answer.status != 206 or found is None or int(found[1]) != self._done:
                return False
            total = int(found[2])
            if not version.agrees_with(_version(headers, total)):
                return False
            self._take(stream, "ab", total)
            return True

    def _ask(self, headers: dict[str, str]) -> Stream:
        return Stream(self._address, headers, self._tick, self._silence_sec)

    def _tick(self) -> None:
        fraction = self._done / self._total if self._total else 0.0
        self._report(min(fraction, 1.0), f"Downloading {describe(self._done, self._total)}")

    def _take(self, stream: Stream, mode: str, total: int | None = None) -> None:
        """Write what comes, and see that it is all."""
        if mode == "wb":
            total = self._judge(stream)
            self._note.unlink(missing_ok=True)  # it is about what is being replaced
        self._total = total or 0
        make_room(self._path.parent.parent, self._path.parent, self._total - self._done)
        self._check_room(self._total - self._done)
        with open(self._part, mode) as file:
            if mode == "wb":
                _write_json(self._note, asdict(_version(stream.answer.headers, total)))
            while chunk := stream.read():
                file.write(chunk)
                self._done += len(chunk)
                if self._done > MAX_BYTES:
                    raise self._too_large(self._done)
        self._tick()
        if total is not None and self._done != total:
            came = f"broke off after {describe(self._done, total)}"
            raise fail(self._address, f"{came}: try again, what came is kept")

    def _judge(self, stream: Stream) -> int | None:
        """The length of a whole file, or None where its end will be marked."""
        headers = stream.answer.headers
        if stream.answer.status != 200:
            what = f"answered {stream.answer.status}, which is no file: try again later"
            raise fail(self._address, what)
        if header(headers, "Content-Type").lower().startswith("text/html"):
            what = "is a web page, not a file: open it in a browser and copy the link to the file"
            raise fail(self._address, what)
        if header(headers, "Content-Encoding").lower() not in ("", "identity"):
            what = f"comes packed ({header(headers, 'Content-Encoding')[:40]}), unasked: "
            raise fail(self._address, what + "download the file with a browser and open that")
        length = _length(headers)
        if header(headers, "Transfer-Encoding").lower() == "chunked":
            return None
        if length is None:
            what = "does not say how long it is, so that nobody could tell whether all of it came: "
            raise fail(self._address, what + "download the file with a browser and open that")
        if length > MAX_BYTES:
            raise self._too_large(length)
        return length

    def _too_large(self, num_bytes: int) -> DownloadError:
        what = f"has {num_bytes >> 20} MB or more, and at most {MAX_BYTES >> 20} MB are fetched: "
        return fail(self._address, what + "download the file with a browser and open that")

    def _check_room(self, num_bytes: int) -> None:
        free = shutil.disk_usage(self._path.parent).free
        if num_bytes + SPARE_BYTES > free:
            what = f"needs {describe(num_bytes)} in {self._path.parent}, where "
            what += f"{describe(free)} are free: make room there, or set LOUPE_CACHE"
            raise fail(self._address, what)


def describe(num_bytes: int, total: int = 0) -> str:
    """ "12 of 330 MB", or what there is where the end is not known."""
    if not total:
        return (
            f"{num_bytes / 2**20:.0f} MB" if num_bytes >= 2**20 else f"{num_bytes / 2**10:.0f} kB"
        )
    if total >= 2**20:
        return f"{num_bytes / 2**20:.0f} of {total / 2**20:.0f} MB"
    return f"{num_bytes / 2**10:.0f} of {total / 2**10:.0f} kB"


def _length(headers: Mapping[str, str]) -> int | None:
    """What the server says of it, if that is a number."""
    length = header(headers, "Content-Length")
    usable = length.isascii() and length.isdigit() and len(length) < 20
    return int(length) if usable else None


def _version(headers: Mapping[str, str], total: int | None) -> Version:
    return Version(total, header(headers, "ETag"), header(headers, "Last-Modified"))


def _about(path: Path, report: Report) -> Version | None:
    """The version of the copy; None where it is not there, or not as it was when it came."""
    try:
        about = json.loads(path.with_name(ABOUT).read_text(encoding="utf-8"))
        size, sha256 = about["size"], about["sha256"]
        if path.stat().st_size != size or _sha256(path, report) != sha256:
            return None
        # A copy of an earlier version of this program knows no tags.
        return Version(size, str(about.get("etag", "")), str(about.get("last_modified", "")))
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _sha256(path: Path, report: Report) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            report(1.0, "Checking what was downloaded")
    return digest.hexdigest()


def _write_json(path: Path, values: dict[str, object]) -> None:
    """Whole or not at all."""
    part = path.with_name(f"{path.name}.new")
    part.write_text(json.dumps(values), encoding="utf-8")
    os.replace(part, path)


@contextlib.contextmanager
def _only_one(address: str, path: Path) -> Iterator[None]:
    """Two programs must not write one part; the system lets go when a program ends."""
    with _locked(address, path):
        yield


def _locked(address: str, path: Path) -> BinaryIO:
    """The file, whose lock is held; made once more where somebody has removed it meanwhile."""
    tries = 9  # file numbers that change by themselves must not keep anybody for ever
    while True:
        tries -= 1
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            file = path.open("ab")
        except FileNotFoundError:
            if tries:
                continue
            raise
        try:
            lock(file)
        except (BlockingIOError, PermissionError) as error:
            file.close()
            what = "is being fetched by another window or command: wait for that, then try again"
            raise fail(address, what) from error
        except OSError:
            pass  # a file system without locks
        if not tries or is_there(file, path):
            return file
        file.close()
