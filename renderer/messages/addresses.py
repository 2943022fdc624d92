"""Models that are named by a web address instead of a file."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_MAX_NAME = 100


def is_address(source: str) -> bool:
    """Whether a source is an address of any kind; only http and https are ever opened."""
    return _SCHEME.match(source) is not None


def address_name(address: str) -> str:
    """The name of the file behind an address: one that any file system takes, never hidden."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "model"
    name = unquote(parts.path.rstrip("/").rpartition("/")[2])
    return re.sub(r"[^\w .-]", "_", name).strip(" .")[-_MAX_NAME:].strip(" .") or "model"
