"""Why a picture cannot be made, in one sentence for a person."""

from __future__ import annotations

import errno
import traceback

from networks import CheckpointError
from renderer.messages import ErrorInfo

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory")


class RenderError(ValueError):
    """A request that cannot be answered; the message is one sentence."""


class Superseded(Exception):
    """A newer request waits: the frame under way stops between two layers."""


def is_out_of_memory(error: BaseException) -> bool:
    """Memory of the machine, of the GPU (torch has a sentence for each), or shared memory."""
    if isinstance(error, OSError) and error.errno in (errno.ENOMEM, errno.ENOSPC):
        return True
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in _OUT_OF_MEMORY)


def error_info(error: BaseException, doing: str) -> ErrorInfo:
    """The sentence for the window, with the traceback as details.

    Args:
        doing: what failed, for errors that have no sentence of their own.
    """
    details = "".join(traceback.format_exception(error))
    if is_out_of_memory(error):
        return ErrorInfo(f"Memory ran out while {doing}; close other programs or models.", details)
    if isinstance(error, (RenderError, ValueError)):
        return ErrorInfo(str(error), details)
    if isinstance(error, CheckpointError):
        return ErrorInfo(f"{str(error).rstrip('.')}.", details)
    first_line = (str(error).splitlines() or [""])[0]
    return ErrorInfo(f"{type(error).__name__} while {doing}: {first_line}", details)
