"""Pictures in exact pixels: drawn with the filter of their own texture.

Dear ImGui's OpenGL backend binds a sampler with a linear filter over that of every texture. What
would unbind it, a callback among the commands of a drawing, is missing from the Python binding and
so taken from its library by name; where that has other names, pictures stay linear.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from typing import Any

import imgui_bundle
from OpenGL import GL

_Callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_bound = [0]  # the backend's sampler, while a picture is drawn without it


def _unbind(_draw_list: object, _command: object) -> None:
    _bound[0] = int(GL.glGetIntegerv(GL.GL_SAMPLER_BINDING))
    GL.glBindSampler(0, 0)


def _bind(_draw_list: object, _command: object) -> None:
    GL.glBindSampler(0, _bound[0])


def _functions() -> tuple[Any, Any] | None:
    """`ImGui::GetWindowDrawList` and `ImDrawList::AddCallback`; None where they are not found."""
    try:
        module: Any = imgui_bundle._imgui_bundle  # type: ignore[attr-defined]
        library = ctypes.CDLL(module.__file__)
        drawing = library._ZN5ImGui17GetWindowDrawListEv
        add = library._ZN10ImDrawList11AddCallbackEPFvPKS_PK9ImDrawCmdEPvm
    except (AttributeError, OSError):
        return None
    drawing.restype, drawing.argtypes = ctypes.c_void_p, ()
    add.restype = None
    add.argtypes = (ctypes.c_void_p, _Callback, ctypes.c_void_p, ctypes.c_size_t)
    return drawing, add


_UNBIND, _BIND = _Callback(_unbind), _Callback(_bind)  # kept, as long as they may be called
_found = _functions()


@contextlib.contextmanager
def own_filter(wanted: bool) -> Iterator[None]:
    """What the body draws into the present window is seen through its texture's own filter."""
    if not wanted or _found is None or not GL.glBindSampler:
        yield
        return
    drawing, add = _found
    add(drawing(), _UNBIND, None, 0)
    yield
    add(drawing(), _BIND, None, 0)
