"""The picture, and playing on it: drag = latent, Shift = translate, Ctrl = rotate, wheel = zoom."""

from __future__ import annotations

import math
from dataclasses import replace

from imgui_bundle import ImVec2, imgui

from renderer.state import ViewState
from visualizer import camera as cam
from visualizer import controls, icons, theme
from visualizer.app import App
from visualizer.backdrop import Backdrop
from visualizer.camera import Camera, Rect
from visualizer.comparison_view import CompareView
from visualizer.panels.contact_sheet import ContactSheetPanel
from visualizer.picture_marks import Marks
from visualizer.sampler import own_filter
from visualizer.stand_in import StandIn, draw_mark, moved_corners
from visualizer.texture import PictureTexture

MARGIN = 12.0  # around a fitted picture
LATENT_PER_EM = 0.04  # as far as the mouse moves by the height of a letter
_BUTTONS = imgui.ButtonFlags_.mouse_button_left.value | imgui.ButtonFlags_.mouse_button_middle.value
_LEFT, _MIDDLE = imgui.MouseButton_.left.value, imgui.MouseButton_.middle.value
HELP = (
    "Drag: latent · Shift+drag: translate · Ctrl+drag: rotate · wheel: zoom · "
    "middle or Space+drag: pan · double click: fit"
)


class Viewport:
    """The centre of the window."""

    def __init__(self, app: App, backdrop: Backdrop) -> None:
        self._app = app
        self._backdrop = backdrop
        self._texture: PictureTexture | None = None
        self.camera = Camera()
        self.region = Rect(0, 0, 1, 1)
        self.picture = Rect(0, 0, 1, 1)
        self.zoom = 1.0
        self.scale = 1.0  # physical pixels per screen unit
        self._mode: str | None = None  # of the drag under way
        self.marks = Marks(app.context)
        self.sheet = ContactSheetPanel(app.context)
        self.compare = CompareView(app.context)
        self.view_region = self.region  # of this picture, where another stands beside it
        self.mouse = ImVec2(0, 0)  # as if it were over this picture
        app.actions["Contact sheet"] = self.toggle_sheet
        self.is_bare = False  # without its toolbar
        self.stand_in = StandIn(app)
        self.is_plain = False  # in this frame, which is saved: nothing stands in
        self.space_was_used = False  # for panning, so it does not pause

    def build_ui(self, state: ViewState) -> ViewState:
        """Draw the toolbar and the picture; returns the state as the mouse has changed it."""
        self._upload()
        if not self.is_bare:
            self._build_toolbar()
        if self.sheet.is_open:
            self._app.context.pointer.place = None
            return self.sheet.build_ui(state, self._app.shown)
        origin, size = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail()
        self.region = Rect(origin.x, origin.y, max(size.x, 1), max(size.y, 1))
        surround = theme.SURROUNDS.get(self._app.settings.surround, 24.0)
        self._backdrop.fill_rest(theme.grey(surround))
        imgui.invisible_button(
            "##picture",
            ImVec2(self.region.width, self.region.height),
            _BUTTONS,
        )
        hovered, active = imgui.is_item_hovered(), imgui.is_item_active()
        self.view_region = self.compare.main_region(self.region)
        self.stand_in.follow()
        self._draw()
        self.mouse = self.compare.fold(imgui.get_mouse_pos(), self.region)
        self.compare.draw(self, self._app.shown, hovered)
        if not self.is_plain and self._app.shown is not None:
            draw_mark(self.stand_in.text, self.view_region)
        if self._is_moved:
            self._app.context.pointer.place = None  # the values are of the true picture
        else:
            self.marks.build_ui(self, hovered, self._app.shown)
        if self._app.shown is None:
            return state
        if hovered:
            self._handle_wheel()
            if imgui.is_mouse_double_clicked(_LEFT):
                self.camera = Camera()
        self._mode = self._pick_mode() if active and self._mode is None else self._mode
        if not active:
            self._mode = None
            return state
        return self._drag(state)

    def delete(self) -> None:
        """Free the textures while the GL context is current."""
        self.sheet.delete()
        self.compare.delete()
        if self._texture is not None:
            self._texture.delete()
            self._texture = None

    @property
    def can_exchange(self) -> bool:
        """Whether a picture of the same size could still come into the frame that was built."""
        is_alone = not self.sheet.is_open and not self.compare.comparison.is_on
        return self._texture is not None and is_alone and not self._is_moved

    @property
    def is_dragged(self) -> bool:
        """Whether the mouse holds the picture and has moved it."""
        return self._mode is not None and any(
            imgui.is_mouse_dragging(key) for key in (_LEFT, _MIDDLE)
        )

    @property
    def _is_moved(self) -> bool:
        """Whether the last picture is drawn elsewhere than where it was true."""
        return self.stand_in.change is not None and not self.is_plain

    def exchange(self) -> None:
        """Put a picture that has come since `build_ui` in the place of the one before it."""
        app, texture = self._app, self._texture
        if texture is None or app.pixels is None or not texture.fits(app.pixels):
            return  # the next frame gives it its place
        self._upload()
        texture.prepare(self.zoom, cam.is_exact(self.zoom))

    def toggle_sheet(self) -> None:
        """Show all channels in the place of the picture, or the picture again."""
        self.sheet.is_open = not self.sheet.is_open

    # --- drawing -------------------------------------------------------------------------------

    def _upload(self) -> None:
        app = self._app
        if not app.fresh_pixels or app.pixels is None:
            return
        if self._texture is None:
            self._texture = PictureTexture()
        self._texture.upload(app.pixels)
        app.fresh_pixels = False

    def _build_toolbar(self) -> None:
        pad = imgui.get_style().item_spacing.x
        imgui.set_cursor_pos(imgui.get_cursor_pos() + ImVec2(pad, theme.px(5)))
        if controls.button(
            f"{icons.FIT} Fit", "Show the whole picture", 0, self.camera.zoom is None
        ):
            self.camera = Camera()
        controls.next_to()
        exact = self.camera.zoom == 1.0
        if controls.button("1:1", "One picture pixel on one screen pixel", 0, exact):
            self.camera = Camera(zoom=1.0)
        controls.next_to()
        text = "All channels of the layer, small (C)"
        if controls.button("Channels", text, 0, self.sheet.is_open):
            self.toggle_sheet()
        imgui.same_line()
        imgui.align_text_to_frame_padding()
        text = ""
        if self._app.shown is not None and not self.sheet.is_open:
            tile = self._app.shown.tile.ref
            text = f"{self.zoom * 100:.0f} %   {tile.width} × {tile.height}"
        room = imgui.get_content_region_avail().x
        imgui.text_colored(theme.TEXT_DIM, text if imgui.calc_text_size(text).x <= room else "")
        imgui.set_cursor_pos_y(imgui.get_cursor_pos_y() + 1)

    def _draw(self) -> None:
        draw = imgui.get_window_draw_list()
        if self._texture is None:
            self._draw_waiting(draw)
            return
        size = (self._texture.width, self._texture.height)
        scale = imgui.get_io().display_framebuffer_scale.x or 1.0
        inner = self.view_region.shrunk(theme.px(MARGIN))
        whole = self.compare.whole_size(size, self._app.state)
        self.zoom = cam.effective_zoom(self.camera, inner, whole, scale)
        self.picture = cam.place(self.camera, inner, whole, scale)
        if whole != size:
            self.picture = replace(self.picture, width=self.picture.width * size[0] / whole[0])
        self._inner, self._size, self.scale = inner, whole, scale
        exact = cam.is_exact(self.zoom) and not self._is_moved
        self._texture.prepare(self.zoom, exact)
        view = self.view_region
        draw.push_clip_rect(*_ends(view), True)
        low, high = _ends(self.picture)
        texture = imgui.ImTextureRef(self._texture.texture_id)
        if self._is_moved and self.stand_in.change is not None:
            corners = moved_corners(self.stand_in.change, self.picture)
            p1, p2, p3, p4 = (ImVec2(x, y) for x, y in corners)
            draw.push_clip_rect(low, high, True)  # nothing is drawn outside the picture
            draw.add_image_quad(texture, p1, p2, p3, p4)
            draw.pop_clip_rect()
        else:
            with own_filter(exact and self.zoom > 1):
                draw.add_image(texture, low, high)
        draw.pop_clip_rect()

    def _draw_waiting(self, draw: imgui.ImDrawList) -> None:
        text = waiting_text(self._app)
        size = imgui.calc_text_size(text)
        x, y = self.region.center
        color = imgui.get_color_u32(theme.TEXT_DIM)
        draw.add_text(ImVec2(x - size.x / 2, y - size.y / 2), color, text)

    # --- the mouse -----------------------------------------------------------------------------

    def _handle_wheel(self) -> None:
        wheel = imgui.get_io().mouse_wheel
        if wheel:
            mouse = self.mouse
            self.camera = cam.zoom_about(
                self.camera, self._inner, self._size, (mouse.x, mouse.y), wheel, self.scale
            )

    def _pick_mode(self) -> str:
        io = imgui.get_io()
        if imgui.is_key_down(imgui.Key.space) or imgui.is_mouse_down(_MIDDLE):
            self.space_was_used = imgui.is_key_down(imgui.Key.space)
            return "pan"
        if self.compare.grips(self):
            return "wipe"
        if io.key_shift:
            return "translate"
        if io.key_ctrl:  # Dear ImGui swaps Cmd and Ctrl on macOS: this is Cmd there
            return "rotate"
        return "latent"

    def _drag(self, state: ViewState) -> ViewState:
        delta = imgui.get_io().mouse_delta
        if not (delta.x or delta.y):
            return state
        if self._mode == "pan":
            self.camera = cam.pan_by(
                self.camera, self._inner, self._size, (delta.x, delta.y), self.scale
            )
            return state
        if self._mode == "wipe":
            return self.compare.move_wipe(self, state)
        if self._mode == "latent":
            return drag_latent(state, delta.x, delta.y, imgui.get_font_size())
        if not self._app.shown or not self._app.shown.model.has_input_transform:
            return state
        if self._mode == "translate":
            return translate(state, delta.x / self.picture.width, delta.y / self.picture.height)
        mouse = self.mouse
        center = self.picture.center
        before = cam.angle_turns(center, (mouse.x - delta.x, mouse.y - delta.y))
        return rotate(state, cam.wrap_turns(cam.angle_turns(center, (mouse.x, mouse.y)) - before))


def waiting_text(app: App) -> str:
    """Why there is no picture yet."""
    if app.status.state == "given up":
        return "The renderer is off."
    if app.models.loading is not None:
        return "Loading the model…"
    if app.status.state in ("ready", "busy") and app.state.model in app.models.infos:
        return "Computing the first picture…"
    return "Starting the renderer…"


def _ends(rect: Rect) -> tuple[ImVec2, ImVec2]:
    """The upper left and the lower right corner."""
    return ImVec2(rect.x, rect.y), ImVec2(rect.x + rect.width, rect.y + rect.height)


def drag_latent(state: ViewState, dx_px: float, dy_px: float, em_px: float) -> ViewState:
    """The state after the latent was dragged by screen pixels."""
    factor = LATENT_PER_EM / em_px
    latent = state.latent
    latent = replace(latent, x=latent.x + dx_px * factor, y=latent.y + dy_px * factor)
    return replace(state, latent=latent)


def translate(state: ViewState, dx: float, dy: float) -> ViewState:
    """The state with the picture moved by image widths."""
    transform = state.transform
    transform = replace(transform, x=transform.x + dx, y=transform.y + dy)
    return replace(state, transform=transform)


def rotate(state: ViewState, turns: float) -> ViewState:
    """The state with the picture turned about the centre of its frame, + = counter-clockwise."""
    transform = state.transform
    cos, sin = math.cos(turns * math.tau), math.sin(turns * math.tau)
    transform = replace(
        transform,
        angle_turns=transform.angle_turns + turns,
        x=cos * transform.x + sin * transform.y,
        y=-sin * transform.x + cos * transform.y,
    )
    return replace(state, transform=transform)
