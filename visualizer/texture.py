"""The picture as an OpenGL texture, uploaded through a pixel buffer object.

Works in a core profile of GL 3.2 and later. Minification uses mipmaps, whole magnifications show
exact pixels, and those between are linear, because uneven pixels would shimmer.
"""

from __future__ import annotations

import ctypes

import numpy as np
import OpenGL

OpenGL.ERROR_CHECKING = False  # one glGetError per call would cost more than the calls
OpenGL.ERROR_LOGGING = False

from OpenGL import GL  # noqa: E402  (the switches above must come first)

_FORMATS = {1: (GL.GL_R8, GL.GL_RED), 3: (GL.GL_RGB8, GL.GL_RGB)}


class PictureTexture:
    """A texture that follows the size of the pictures given to it."""

    def __init__(self) -> None:
        self.texture_id = int(GL.glGenTextures(1))
        self.width = 0
        self.height = 0
        self._channels = 0
        self._mipmaps_stale = True
        self._buffer_id = int(GL.glGenBuffers(1))

    def upload(self, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
        """Show uint8 pixels [H, W, C] with C = 1 or 3."""
        height, width, channels = pixels.shape
        pixels = np.ascontiguousarray(pixels)
        GL.glBindTexture(GL.GL_TEXTURE_2D, self.texture_id)
        if (height, width, channels) != (self.height, self.width, self._channels):
            self._allocate(height, width, channels)
        GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
        GL.glPixelStorei(GL.GL_UNPACK_ROW_LENGTH, 0)
        GL.glBindBuffer(GL.GL_PIXEL_UNPACK_BUFFER, self._buffer_id)
        # a new store each time: the driver need not wait for the upload before
        GL.glBufferData(GL.GL_PIXEL_UNPACK_BUFFER, pixels.nbytes, pixels, GL.GL_STREAM_DRAW)
        offset = ctypes.c_void_p(0)
        kind = _FORMATS[channels][1]
        GL.glTexSubImage2D(
            GL.GL_TEXTURE_2D, 0, 0, 0, width, height, kind, GL.GL_UNSIGNED_BYTE, offset
        )
        GL.glBindBuffer(GL.GL_PIXEL_UNPACK_BUFFER, 0)
        GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 4)
        self._mipmaps_stale = True
        GL.glBindTexture(GL.GL_TEXTURE_2D, 0)

    def fits(self, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bool:
        """Whether the pixels are of the size that is shown."""
        return pixels.shape == (self.height, self.width, self._channels)

    def prepare(self, zoom: float, exact: bool) -> None:
        """Set the filters for this frame; mipmaps are made only when they are looked at."""
        GL.glBindTexture(GL.GL_TEXTURE_2D, self.texture_id)
        minified = zoom < 1
        if minified and self._mipmaps_stale:
            GL.glGenerateMipmap(GL.GL_TEXTURE_2D)
            self._mipmaps_stale = False
        low = GL.GL_LINEAR_MIPMAP_LINEAR if minified else GL.GL_NEAREST if exact else GL.GL_LINEAR
        high = GL.GL_NEAREST if exact else GL.GL_LINEAR
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MIN_FILTER, low)
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MAG_FILTER, high)
        GL.glBindTexture(GL.GL_TEXTURE_2D, 0)

    def delete(self) -> None:
        """Free the texture and its buffer; the GL context must still be current."""
        GL.glDeleteTextures([self.texture_id])
        GL.glDeleteBuffers(1, [self._buffer_id])

    def _allocate(self, height: int, width: int, channels: int) -> None:
        internal, kind = _FORMATS[channels]
        GL.glTexImage2D(
            GL.GL_TEXTURE_2D, 0, internal, width, height, 0, kind, GL.GL_UNSIGNED_BYTE, None
        )
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_WRAP_S, GL.GL_CLAMP_TO_EDGE)
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_WRAP_T, GL.GL_CLAMP_TO_EDGE)
        swizzle = GL.GL_RED if channels == 1 else GL.GL_GREEN
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_SWIZZLE_G, swizzle)
        blue = GL.GL_RED if channels == 1 else GL.GL_BLUE
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_SWIZZLE_B, blue)
        self.height, self.width, self._channels = height, width, channels
