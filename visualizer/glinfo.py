"""`python -m visualizer.glinfo` prints what OpenGL offers as JSON; used by `loupe doctor`.

A process of its own: a broken driver may end it without harm, and the asking process needs
neither a window nor OpenGL.
"""

from __future__ import annotations

import json
import sys

from visualizer.display import NoDisplayError, check_display


def gl_info() -> dict[str, str]:
    """Vendor, renderer and versions, asked from a hidden window; or {"error": …}."""
    try:
        check_display()
    except NoDisplayError as error:
        return {"error": str(error)}
    import glfw

    glfw.window_hint(glfw.VISIBLE, glfw.FALSE)
    glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, 3)
    glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, 2)
    glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE)
    glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
    window = glfw.create_window(64, 64, "loupe doctor", None, None)
    if not window:
        return {"error": "no OpenGL 3.2 core context could be made"}
    try:
        glfw.make_context_current(window)
        return _ask()
    finally:
        glfw.destroy_window(window)
        glfw.terminate()


def _ask() -> dict[str, str]:
    from OpenGL import GL

    names = {
        "vendor": GL.GL_VENDOR,
        "renderer": GL.GL_RENDERER,
        "version": GL.GL_VERSION,
        "shading_language": GL.GL_SHADING_LANGUAGE_VERSION,
    }
    return {key: GL.glGetString(name).decode("utf-8", "replace") for key, name in names.items()}


if __name__ == "__main__":
    found = gl_info()
    print(json.dumps(found))
    sys.exit(1 if "error" in found else 0)
