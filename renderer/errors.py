"""Why a picture cannot be made, in one sentence for a person."""

from __future__ import annotations

import traceback

from renderer.messages import ErrorInfo


class RenderError(ValueError):
    """A request that cannot be answered; the message is one sentence."""


class Superseded(Exception):
    """A newer request waits: the frame under way stops between two layers."""


def error_info(error: BaseException, doing: str) -> ErrorInfo:
    """The sentence for the window, with the traceback as details.

    Args:
        doing: what failed, for errors that have no sentence of their own.
    """
    details = "".join(traceback.format_exception(error))
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return ErrorInfo(f"Memory ran out while {doing}; close other programs or models.", details)
    if isinstance(error, (RenderError, ValueError)):
        return ErrorInfo(str(error), details)
    first_line = (str(error).splitlines() or [""])[0]
    return ErrorInfo(f"{type(error).__name__} while {doing}: {first_line}", details)
