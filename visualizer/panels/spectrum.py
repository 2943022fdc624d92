"""Spectrum: the power of the shown layer over frequency, as a picture and as curves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

from imgui_bundle import imgui

from renderer.messages import Profile, SpectrumProfile, SpectrumSpec, View
from renderer.state import SpectrumState, ViewState
from visualizer import controls, icons, theme
from visualizer.camera import Rect
from visualizer.context import Context, Shown
from visualizer.models import short_name
from visualizer.pointer import raw_view
from visualizer.spectrum_plot import (
    KINDS,
    PIN_COLORS,
    Curve,
    Reading,
    build_plot,
    curves_of,
    marks_of,
    on_theme,
)

PLOT_EM = 11.0  # height of the plot
TOPIC = "spectrum"
_DEFAULT = SpectrumState()
_SHORT = {"Radial": "Radial", "Horizontal": "H", "Vertical": "V", "Diagonal": "Diag"}
_KIND_HELP = {
    "Radial": "the mean over all directions",
    "Horizontal": "along x, no change along y",
    "Vertical": "along y, no change along x",
    "Diagonal": "along x = y",
}


class SpectrumPanel:
    """The picture beside the picture, the profile with the layer's design, pinned curves."""

    title: ClassVar[str] = "Spectrum"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kind = KINDS[0]
        self._is_log = False
        self._curve: tuple[Profile, str, Curve] | None = None  # made from this profile, this kind
        self.pins: list[Curve] = []
        self.plot = Rect(0, 0, 1, 1)  # on the screen
        self.reading: Reading | None = None  # under the mouse

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; returns the new state."""
        state = replace(state, spectrum=_build_picture(state.spectrum))
        if result is None:
            return state
        view = profile_view(result.result.request.views[0], state.spectrum)
        inquiries = self._context.inquiries
        profile = inquiries.ask(TOPIC, SpectrumProfile(view), Profile)
        error = inquiries.error(TOPIC)
        if error is not None:
            controls.note(error.message)
        self._build_kinds()
        self._build_plot(profile)
        return state

    def _build_kinds(self) -> None:
        for idx, kind in enumerate(KINDS):
            if idx:
                controls.next_to(_SHORT[kind])
            text = f"{kind}: {_KIND_HELP[kind]}"
            if controls.button(f"{_SHORT[kind]}###{kind}", text, 0, kind == self._kind):
                self._kind = kind
        controls.next_to("log")
        if controls.button("log", "Logarithmic frequency", 0, self._is_log):
            self._is_log = not self._is_log

    def _build_plot(self, profile: Profile | None) -> None:
        curve = self._curve_of(profile) if profile is not None else None
        curves = ([curve] if curve is not None else []) + self.pins
        marks = marks_of(profile) if profile is not None else ()
        height = PLOT_EM * imgui.get_font_size()
        corner, room = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail().x
        self.plot = Rect(corner.x, corner.y, room, height)
        reading = self.reading = build_plot(curves, marks, self._is_log, height)
        if profile is None:
            controls.note("The spectrum is being computed…")
            return
        if reading is not None:
            _build_reading(reading, curves)
        else:
            _build_marks(profile)
        _build_energy(profile)
        self._build_pins(curve)

    def _curve_of(self, profile: Profile) -> Curve:
        made = self._curve
        if made is None or made[0] is not profile or made[1] != self._kind:
            name = _curve_name(profile, self._kind)
            curve = Curve(name, *curves_of(profile, self._kind), theme.TEXT)
            made = self._curve = (profile, self._kind, curve)
        return replace(made[2], color=theme.TEXT)  # of the present theme

    def _build_pins(self, curve: Curve | None) -> None:
        width = controls.half_width()
        full = len(self.pins) >= len(PIN_COLORS)
        imgui.begin_disabled(curve is None or full)
        text = "Keep this curve, to lay others over it"
        if controls.button(f"{icons.SNAP} Pin curve###pin", text, width) and curve is not None:
            used = [(c.color.x, c.color.y, c.color.z) for c in self.pins]
            free = [c for c in PIN_COLORS if (c.x, c.y, c.z) not in used]
            self.pins.append(replace(curve, color=free[0], weight=1.2))
        imgui.end_disabled()
        controls.next_to()
        imgui.begin_disabled(not self.pins)
        if controls.button("Unpin all", "Remove the pinned curves", width):
            self.pins.clear()
        imgui.end_disabled()
        for idx, pin in enumerate(list(self.pins)):
            if controls.button(f"{icons.CLOSE}###unpin{idx}", "Remove this curve"):
                self.pins.remove(pin)
            controls.next_to()
            room = imgui.get_content_region_avail().x
            imgui.text_colored(on_theme(pin.color), controls.ellipsis(pin.name, room))
            controls.tooltip(pin.name)


def profile_view(view: View, spectrum: SpectrumState) -> View:
    """The view whose curves are wanted: what does not matter to them is at its default."""
    spec = SpectrumSpec(all_channels=spectrum.all_channels, beta=spectrum.beta)
    display = replace(raw_view(view).display, spectrum=spec)
    if spectrum.all_channels:
        display = replace(display, num_channels=3, base_channel=0)
    return replace(view, display=display)


def _build_picture(spectrum: SpectrumState) -> SpectrumState:
    controls.label("Picture", spectrum.show)
    show = controls.toggle(
        "show", spectrum.show, "Beside the picture", help_text="The 2-D spectrum, in decibels"
    )
    controls.label("Channels", spectrum.all_channels)
    width = controls.half_width()
    all_channels = spectrum.all_channels
    if controls.button("Shown", "Only the shown channels count", width, not all_channels):
        all_channels = False
    controls.next_to()
    if controls.button("All", "All channels of the layer are added up", width, all_channels):
        all_channels = True
    controls.label("Range", spectrum.range_db != _DEFAULT.range_db)
    range_db = controls.number(
        "range", spectrum.range_db, _DEFAULT.range_db, limits=(0.1, 100.0), speed=0.2, digits=1,
        unit="dB", help_text="From dark to bright: this much below to above the mean power",
    )  # fmt: skip
    controls.label("Kaiser β", spectrum.beta != _DEFAULT.beta)
    beta = controls.number(
        "beta", spectrum.beta, _DEFAULT.beta, limits=(0.0, 50.0), speed=0.05, digits=1,
        help_text="Window: 0 = none (sharp, with leakage from the borders), higher = cleaner",
    )  # fmt: skip
    return replace(spectrum, show=show, all_channels=all_channels, range_db=range_db, beta=beta)


def _build_reading(reading: Reading, curves: list[Curve]) -> None:
    """What the mouse points at: the shown curve first, then the pinned ones."""
    imgui.text_colored(theme.TEXT_DIM, f"at {reading.frequency:.4g}")
    for curve, power_db in zip(curves, reading.power_db, strict=True):
        text = "–" if math.isnan(power_db) else f"{power_db:.1f}".replace("-", "−")
        controls.flow(text, imgui.get_font_size() * 0.6)
        imgui.text_colored(on_theme(curve.color), text)
    controls.flow("dB", imgui.get_font_size() * 0.4)
    imgui.text_colored(theme.TEXT_DIM, "dB")


def _build_marks(profile: Profile) -> None:
    for idx, mark in enumerate(marks_of(profile)):
        text = f"{mark.name} {mark.frequency:.4g}"
        if idx:
            controls.flow(text, imgui.get_font_size() * 0.7)
        imgui.text_colored(mark.color, text)
        controls.tooltip("Of the layer's own design, in cycles per image width")


def _build_energy(profile: Profile) -> None:
    known = profile.out_of_band_db is not None
    text = f"{profile.out_of_band_db:.1f} dB".replace("-", "−") if known else "no designed band"
    if profile.cutoff is not None and profile.cutoff >= profile.nyquist:
        known, text = False, "the band reaches Nyquist"
    imgui.text_colored(theme.TEXT_DIM, "Out of band")
    controls.flow(text, imgui.get_style().item_spacing.x)
    imgui.text_colored(theme.TEXT if known else theme.TEXT_FAINT, text)
    controls.tooltip("Power beyond the cutoff, over all power")


def _curve_name(profile: Profile, kind: str) -> str:
    display = profile.view.display
    spectrum = display.spectrum
    channels = "all"
    if spectrum is None or not spectrum.all_channels:
        last = display.base_channel + min(display.num_channels, profile.layer.channels) - 1
        channels = f"ch {display.base_channel}"
        channels += f"–{last}" if last > display.base_channel else ""
    model = short_name(profile.view.model)
    return f"{profile.layer.name} · {channels} · {kind.lower()} · {model}"
