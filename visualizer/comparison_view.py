"""Draws the other picture: beside, over a part of, or instead of the present one."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Protocol

from imgui_bundle import ImVec2, ImVec4, imgui

from renderer.state import ViewState, seed_at
from visualizer import camera as cam
from visualizer import controls, difference_legend, icons, theme
from visualizer.camera import Rect
from visualizer.comparison import Comparison, b_state
from visualizer.context import Context
from visualizer.magnifier import draw_pixel_frame
from visualizer.models import short_name
from visualizer.sampler import own_filter
from visualizer.shown import Shown
from visualizer.texture import PictureTexture

UNLIKE = "A (B is not of its size: no difference)"
GRIP_PX = 8.0  # how near to the edge of a wipe the mouse must be to move it
_SHADE = ImVec4(0, 0, 0, 0.55)


class Placed(Protocol):
    """Where the viewport has put the present picture."""

    region: Rect
    view_region: Rect
    picture: Rect
    zoom: float
    scale: float
    mouse: ImVec2


class CompareView:
    """The second texture of the viewport, and where it is shown."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._texture: PictureTexture | None = None
        self._source: Shown | None = None  # whose pixels the texture holds

    @property
    def comparison(self) -> Comparison:
        return self._context.comparison

    @property
    def _is_split(self) -> bool:
        return self.comparison.is_on and self.comparison.state.mode == "Side by side"

    def delete(self) -> None:
        """Free the texture while the GL context is current."""
        if self._texture is not None:
            self._texture.delete()
            self._texture = None

    # --- places --------------------------------------------------------------------------------

    def whole_size(self, size: tuple[int, int], state: ViewState) -> tuple[int, int]:
        """Width and height of A, with the room that a spectrum beside B alone takes.

        The same whichever is looked at: nothing moves when flipping.
        """
        pinned, spectrum = state.comparison.pinned, state.spectrum
        if pinned is None or spectrum.show or not b_state(state).spectrum.show:
            return size
        return 2 * size[0], size[1]

    def main_region(self, region: Rect) -> Rect:
        """The part of the region for the present picture."""
        if not self._is_split:
            return region
        return Rect(region.x, region.y, region.width / 2, region.height)

    def above_captions(self, region: Rect) -> Rect:
        """The part of the region that messages may cover: which picture is seen stays readable."""
        if self.comparison.state.pinned is None:
            return region
        return replace(region, height=region.height - imgui.get_font_size() - theme.px(10))

    def fold(self, mouse: ImVec2, region: Rect) -> ImVec2:
        """The mouse as if it were over the present picture."""
        if self._is_split and mouse.x >= region.x + region.width / 2:
            return ImVec2(mouse.x - region.width / 2, mouse.y)
        return mouse

    def grips(self, placed: Placed) -> bool:
        """Whether the mouse is at the edge of a wipe."""
        if not self.comparison.is_on or self.comparison.state.mode != "Wipe":
            return False
        mouse, picture = imgui.get_mouse_pos(), placed.picture
        inside = picture.y <= mouse.y <= picture.y + picture.height
        return bool(inside and abs(mouse.x - self._wipe_x(picture)) <= theme.px(GRIP_PX))

    def move_wipe(self, placed: Placed, state: ViewState) -> ViewState:
        """The state with the edge where the mouse is."""
        share = (imgui.get_mouse_pos().x - placed.picture.x) / placed.picture.width
        comparison = replace(state.comparison, wipe=min(max(share, 0.0), 1.0))
        return replace(state, comparison=comparison)

    def _wipe_x(self, picture: Rect) -> float:
        return round(picture.x + self.comparison.state.wipe * picture.width)

    # --- drawing -------------------------------------------------------------------------------

    def draw(self, placed: Placed, shown: Shown | None, hovered: bool) -> None:
        """Draw over the present picture, or beside it."""
        comparison = self.comparison
        source = self._wanted()
        if shown is None or comparison.state.pinned is None:
            return
        if comparison.state.mode == "A":
            self._caption(placed.region, f"A  {describe(shown.state)}")
            return
        if source is None:
            self._say_why(placed)
            return
        self._upload(source)
        self._draw_parts(placed, shown, source, hovered)

    def _say_why(self, placed: Placed) -> None:
        """In the place of a B that is not there."""
        comparison, region = self.comparison, placed.region
        if comparison.error is None:
            text = "Loading the model of B…" if comparison.is_loading else "Being computed…"
            text = UNLIKE if comparison.is_unlike else text
            self._caption(self._b_region(placed), text)
            return
        if comparison.is_blinking and not self._is_turn_of_b():
            return
        place = self._b_region(placed)
        draw = imgui.get_window_draw_list()
        low, high = ImVec2(place.x, place.y), ImVec2(place.x + place.width, place.y + place.height)
        draw.push_clip_rect(low, high, True)
        shade = theme.SURROUNDS.get(self._context.settings.surround, 24.0)
        draw.add_rect_filled(low, high, imgui.get_color_u32(theme.grey(shade)))
        text, width = f"{icons.WARNING} B: {comparison.error.message}", place.width * 0.8
        size = imgui.calc_text_size(text, wrap_width=width)
        corner = ImVec2(place.center[0] - size.x / 2, place.center[1] - size.y / 2)
        color = imgui.get_color_u32(theme.grey(20 if shade > 128 else 235))
        draw.add_text(imgui.get_font(), imgui.get_font_size(), corner, color, text, width)
        draw.pop_clip_rect()
        if place.x > region.x:
            self._draw_line(place.x, region)

    def _is_turn_of_b(self) -> bool:
        """Whether the blinking shows B now."""
        return int(time.monotonic() * 2 * self.comparison.state.blink_hz) % 2 == 1

    def _b_region(self, placed: Placed) -> Rect:
        """The part of the viewport where B is seen."""
        region, mode = placed.region, self.comparison.state.mode
        start = region.x
        if mode == "Side by side":
            start += region.width / 2
        elif mode == "Wipe":
            start = min(max(self._wipe_x(placed.picture), start), region.x + region.width)
        return Rect(start, region.y, region.x + region.width - start, region.height)

    def _wanted(self) -> Shown | None:
        comparison = self.comparison
        if comparison.state.mode == "Difference":
            return comparison.shown_difference
        return comparison.shown

    def _draw_parts(self, placed: Placed, shown: Shown, source: Shown, hovered: bool) -> None:
        region, mode = placed.region, self.comparison.state.mode
        pinned = source.state.comparison.pinned
        a_text, b_text = describe(shown.state), describe(b_state(source.state)) if pinned else ""
        if mode == "Side by side":
            half = self._b_region(placed)
            self._draw_picture(placed, half, half.x - region.x, shown)
            self._draw_line(half.x, region)
            self._caption(placed.view_region, f"A  {a_text}")
            self._caption(half, f"B  {b_text}")
            if hovered:
                self._draw_cursors(placed, half.x - region.x)
            self._draw_pinned_pixel(placed, half.x - region.x)
        elif mode == "Wipe":
            edge = self._wipe_x(placed.picture)
            self._draw_picture(placed, self._b_region(placed), 0, shown)
            self._draw_line(edge, region)
            self._caption(region, f"A  {a_text}   |   B  {b_text}")
            if self.grips(placed):
                imgui.set_mouse_cursor(imgui.MouseCursor_.resize_ew.value)
        elif mode == "Blink":
            is_b = self._is_turn_of_b()
            if is_b:
                self._draw_picture(placed, region, 0, shown)
            self._caption(region, f"B  {b_text}" if is_b else f"A  {a_text}")
        else:
            self._draw_picture(placed, region, 0, shown)
            if mode == "B":
                self._caption(region, f"B  {b_text}")
            else:
                self._caption_difference(region, f"A − B  ({b_text})")

    def _caption_difference(self, region: Rect, text: str) -> None:
        """With the scale to its right, or below it where there is not enough room for both."""
        corner = ImVec2(region.x + region.width - 5, region.y + region.height - 5)
        legend = difference_legend.legend_of(self.comparison.state)
        low = difference_legend.draw_over(legend, corner, region.width - 10)
        if imgui.calc_text_size(text).x + 4 * theme.px(5) > low.x - region.x:
            region = replace(region, height=low.y - region.y)
        self._caption(region, text)

    def _upload(self, source: Shown) -> None:
        if source is self._source or source.pixels is None:
            return
        if self._texture is None:
            self._texture = PictureTexture()
        self._texture.upload(source.pixels)
        self._source = source

    def _draw_picture(self, placed: Placed, clip: Rect, dx: float, shown: Shown) -> None:
        """Into the place of the present picture, moved by `dx`: other sizes are scaled to it."""
        assert self._texture is not None
        assert self._source is not None
        texture, picture = self._texture, placed.picture
        size = (texture.width, texture.height)
        place = cam.matched(picture, num_parts(shown), size, num_parts(self._source))
        scale = placed.zoom * shown.tile.ref.width / max(1, texture.width)
        scale *= place.width / picture.width
        exact = cam.is_exact(scale)
        texture.prepare(scale, exact)
        draw = imgui.get_window_draw_list()
        draw.push_clip_rect(
            ImVec2(clip.x, clip.y), ImVec2(clip.x + clip.width, clip.y + clip.height), True
        )
        if place != picture:  # nothing of A beside B
            shade = theme.SURROUNDS.get(self._context.settings.surround, 24.0)
            low, high = _ends(picture, dx)
            draw.add_rect_filled(low, high, imgui.get_color_u32(theme.grey(shade)))
        with own_filter(exact and scale > 1):
            draw.add_image(imgui.ImTextureRef(texture.texture_id), *_ends(place, dx))
        draw.pop_clip_rect()

    def _draw_line(self, x: float, region: Rect) -> None:
        draw = imgui.get_window_draw_list()
        low, high = ImVec2(x, region.y), ImVec2(x, region.y + region.height)
        draw.add_line(low, high, imgui.get_color_u32(theme.ACCENT))

    def _draw_cursors(self, placed: Placed, dx: float) -> None:
        """The mouse in both halves."""
        draw = imgui.get_window_draw_list()
        mouse = placed.mouse
        for x in (mouse.x, mouse.x + dx):
            for size, color in ((6.0, ImVec4(0, 0, 0, 1)), (5.0, theme.ACCENT)):
                draw.add_circle(ImVec2(x, mouse.y), size, imgui.get_color_u32(color))

    def _draw_pinned_pixel(self, placed: Placed, dx: float) -> None:
        """Where the clicked pixel is in the other half."""
        pointer = self._context.pointer
        if pointer.is_wanted and pointer.pinned is not None:
            cell = placed.zoom / placed.scale
            draw_pixel_frame(imgui.get_window_draw_list(), placed.picture, pointer.pinned, cell, dx)

    def _caption(self, region: Rect, text: str) -> None:
        """Say in the lower left corner which picture this is."""
        if not text:
            return
        draw = imgui.get_window_draw_list()
        pad = theme.px(5)
        text = controls.ellipsis(text, region.width - 4 * pad)
        size = imgui.calc_text_size(text)
        low = ImVec2(region.x + pad, region.y + region.height - size.y - 3 * pad)
        high = ImVec2(low.x + size.x + 2 * pad, low.y + size.y + 2 * pad)
        clip = ImVec2(region.x + region.width, region.y + region.height)
        draw.push_clip_rect(ImVec2(region.x, region.y), clip, True)
        draw.add_rect_filled(low, high, imgui.get_color_u32(_SHADE), 3.0)
        white = imgui.get_color_u32(ImVec4(1, 1, 1, 0.9))
        draw.add_text(ImVec2(low.x + pad, low.y + pad), white, text)
        draw.pop_clip_rect()


def num_parts(shown: Shown) -> int:
    """2 where the spectrum stands beside the picture."""
    views = {view.name: view for view in shown.result.request.views}
    view = views.get(shown.tile.name)
    return 1 if view is None or view.display.spectrum is None else 2


def _ends(rect: Rect, dx: float) -> tuple[ImVec2, ImVec2]:
    """The upper left and the lower right corner, moved to the right."""
    x = rect.x + dx
    return ImVec2(x, rect.y), ImVec2(x + rect.width, rect.y + rect.height)


def describe(state: ViewState) -> str:
    """Which picture this is, in a few words."""
    latent = state.latent
    whole = latent.x == round(latent.x) and latent.y == round(latent.y)
    place = f"seed {seed_at(latent.x, latent.y)}"
    if not whole:
        place = f"x {latent.x:.2f} y {latent.y:.2f}"
    layer = "" if state.layer.name is None else f" · {state.layer.name}"
    return f"{short_name(state.model)} · {place}{layer}"
