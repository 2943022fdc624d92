"""The picture as an OpenGL texture, uploaded through a pixel buffer object where it is large.

Works in a core profile of GL 3.2 and later. Minification is linear from one mipmap, whole
magnifications show exact pixels, and those between are linear, because uneven pixels would shimmer.
Only the mipmap that the zoom needs is made, here: software OpenGL takes four times as long for it.
"""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np
import OpenGL
from PIL import Image

OpenGL.ERROR_CHECKING = False  # one glGetError per call would cost more than the calls
OpenGL.ERROR_LOGGING = False

from OpenGL import GL  # noqa: E402  (the switches above must come first)

# those of every picture, without the wrappers that take arrays
from OpenGL.raw.GL.VERSION.GL_1_1 import glTexSubImage2D  # noqa: E402
from OpenGL.raw.GL.VERSION.GL_1_5 import glBufferData  # noqa: E402

# four channels inside: software OpenGL fills and reads them faster than three
_FORMATS = {1: (GL.GL_R8, GL.GL_RED), 3: (GL.GL_RGBA8, GL.GL_RGB)}
_AT_ONCE_BYTES = 2**18  # less than this is copied sooner than a buffer is made for it

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


class PictureTexture:
    """A texture that follows the size of the pictures given to it."""

    def __init__(self) -> None:
        self.texture_id = int(GL.glGenTextures(1))
        self.width = 0
        self.height = 0
        self._channels = 0
        self._buffer_id = int(GL.glGenBuffers(1))
        self._parameters: dict[int, int] = {}  # as set
        self._levels: dict[int, Pixels] = {}  # of the picture, as far as they were needed
        self._uploaded: set[int] = set()
        self._allocated: set[int] = set()  # levels that have a store of the right size

    def upload(self, pixels: Pixels) -> None:
        """Show uint8 pixels [H, W, C] with C = 1 or 3, from the next `prepare` on."""
        if not self.fits(pixels):
            self.height, self.width, self._channels = pixels.shape
            self._allocated.clear()
            self._set_channels()
        self._levels = {0: np.ascontiguousarray(pixels)}
        self._uploaded.clear()

    def fits(self, pixels: Pixels) -> bool:
        """Whether the pixels are of the size that is shown."""
        return bool(pixels.shape == (self.height, self.width, self._channels))

    def prepare(self, zoom: float, exact: bool) -> None:
        """Make ready for being drawn in this frame.

        Args:
            zoom: screen pixels per picture pixel.
            exact: whether each picture pixel covers a whole number of screen pixels.
        """
        level = needed_level(zoom, self.width, self.height)
        if level not in self._uploaded:
            self._upload_level(level)
        kind = GL.GL_NEAREST if exact else GL.GL_LINEAR
        self._set(
            {
                GL.GL_TEXTURE_BASE_LEVEL: level,
                GL.GL_TEXTURE_MAX_LEVEL: level,
                GL.GL_TEXTURE_MIN_FILTER: kind,
                GL.GL_TEXTURE_MAG_FILTER: kind,
            }
        )

    def delete(self) -> None:
        """Free the texture and its buffer; the GL context must still be current."""
        GL.glDeleteTextures([self.texture_id])
        GL.glDeleteBuffers(1, [self._buffer_id])

    def _level(self, level: int) -> Pixels:
        if level not in self._levels:
            self._levels[level] = halved(self._level(level - 1))
        return self._levels[level]

    def _upload_level(self, level: int) -> None:
        pixels = self._level(level)
        height, width = pixels.shape[:2]
        internal, kind = _FORMATS[self._channels]
        GL.glBindTexture(GL.GL_TEXTURE_2D, self.texture_id)
        if level not in self._allocated:
            self._allocated.add(level)
            GL.glTexImage2D(
                GL.GL_TEXTURE_2D, level, internal, width, height, 0, kind, GL.GL_UNSIGNED_BYTE, None
            )
        is_odd = pixels.strides[0] % 4 != 0  # rows are expected to begin at whole words
        if is_odd:
            GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
        address: ctypes.c_void_p | None = ctypes.c_void_p(pixels.__array_interface__["data"][0])
        is_large = pixels.nbytes > _AT_ONCE_BYTES
        if is_large:  # a new store each time: the driver need not wait for the upload before
            GL.glBindBuffer(GL.GL_PIXEL_UNPACK_BUFFER, self._buffer_id)
            glBufferData(GL.GL_PIXEL_UNPACK_BUFFER, pixels.nbytes, address, GL.GL_STREAM_DRAW)
            address = None
        glTexSubImage2D(
            GL.GL_TEXTURE_2D, level, 0, 0, width, height, kind, GL.GL_UNSIGNED_BYTE, address
        )
        if is_large:
            GL.glBindBuffer(GL.GL_PIXEL_UNPACK_BUFFER, 0)
        if is_odd:
            GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 4)
        GL.glBindTexture(GL.GL_TEXTURE_2D, 0)
        self._uploaded.add(level)

    def _set_channels(self) -> None:
        """Show one channel as grey."""
        is_grey = self._channels == 1
        self._set(
            {
                GL.GL_TEXTURE_WRAP_S: GL.GL_CLAMP_TO_EDGE,
                GL.GL_TEXTURE_WRAP_T: GL.GL_CLAMP_TO_EDGE,
                GL.GL_TEXTURE_SWIZZLE_G: GL.GL_RED if is_grey else GL.GL_GREEN,
                GL.GL_TEXTURE_SWIZZLE_B: GL.GL_RED if is_grey else GL.GL_BLUE,
            }
        )

    def _set(self, parameters: dict[int, int]) -> None:
        """Set the parameters that are not set so yet: a call from Python costs microseconds."""
        changed = {k: v for k, v in parameters.items() if self._parameters.get(k) != v}
        if not changed:
            return
        GL.glBindTexture(GL.GL_TEXTURE_2D, self.texture_id)
        for name, value in changed.items():
            GL.glTexParameteri(GL.GL_TEXTURE_2D, name, value)
        GL.glBindTexture(GL.GL_TEXTURE_2D, 0)
        self._parameters.update(changed)


def needed_level(zoom: float, width: int, height: int) -> int:
    """The mipmap that a zoom is drawn from: the smallest that is not magnified for it."""
    if zoom >= 1:
        return 0
    smallest = max(0, int(math.log2(max(1, min(width, height)))))
    return min(int(math.log2(1 / zoom)), smallest)


def halved(pixels: Pixels) -> Pixels:
    """uint8 [H, W, C] → [H // 2, W // 2, C]: means of 2×2 pixels; an odd last row is left out."""
    height, width, channels = pixels.shape
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    small = image.reduce(2, (0, 0, width // 2 * 2, height // 2 * 2))
    return np.array(small).reshape(height // 2, width // 2, channels)
