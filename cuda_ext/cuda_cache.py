"""Compiled kernels on disk: whole and unharmed, or not there. A folder that fails is not fatal."""

import contextlib
import hashlib
import logging
import os
import tempfile
from pathlib import Path

import platformdirs

logger = logging.getLogger(__name__)

_DIGEST_BYTES = 32


def default_folder() -> Path:
    """Where compiled kernels are kept; LOUPE_CACHE overrides it."""
    override = os.environ.get("LOUPE_CACHE")
    base = override or platformdirs.user_cache_dir("latent-loupe", False)
    return Path(base) / "kernels"


def key_of(*parts: str) -> str:
    """A file name for everything that a binary depends on."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


class DiskCache:
    """Binaries by key, each behind its own checksum."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problem: str | None = None
        """One sentence when the folder cannot be used; then kernels are compiled at each start."""

    def read(self, key: str) -> bytes | None:
        """The binary, or None when it is missing or damaged."""
        try:
            data = (self.folder / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._complain(error)
            return None
        digest, image = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        if hashlib.sha256(image).digest() != digest:
            logger.warning("a kept kernel is damaged and will be compiled again: %s", key)
            return None
        return image

    def write(self, key: str, image: bytes) -> None:
        """Keeps a binary: under a temporary name first, as others may read meanwhile."""
        temporary = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(image).digest() + image)
            os.replace(temporary, self.folder / key)
        except OSError as error:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        if self.problem is None:
            self.problem = f"kernels cannot be kept in {self.folder} ({error.strerror or error})"
            logger.warning("%s; they are compiled at each start", self.problem)
