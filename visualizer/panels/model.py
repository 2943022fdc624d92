"""Model: which generator, loading with progress, failures with retry."""

from __future__ import annotations

import os
from typing import ClassVar

from imgui_bundle import ImVec2, imgui

from renderer.messages import BUNDLED_SOURCES, ModelInfo, ResidentModel, is_address
from renderer.state import ViewState
from visualizer import controls, icons, measure, theme
from visualizer.context import Context, Shown
from visualizer.models import Failure, short_name

LEAST_LIST_EM = 8.0  # height of a list below its button
_FAMILIES = {"stylegan2": "StyleGAN2", "stylegan3": "StyleGAN3"}


class ModelPanel:
    """The name of the model, and the ways to another one."""

    title: ClassVar[str] = "Model"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._text = ""

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; a model is opened through the context, not by changing the state."""
        models = self._context.models
        self._build_name(state.model, self._context.model)
        self._build_path()
        self._build_ways(state.model)
        if models.loading is not None:
            self._build_progress()
        if controls.fold(f"{self._describe_memory()}###memory"):
            self._build_memory(state)
            imgui.tree_pop()
        for failure in list(models.failures.values()):
            imgui.push_id(failure.source)
            self._build_failure(failure)
            imgui.pop_id()
        return state

    def _build_name(self, source: str, info: ModelInfo | None) -> None:
        name = info.label if info is not None else short_name(source)
        measure.push_semibold()
        width = imgui.get_content_region_avail().x
        is_untrained = info is not None and info.untrained
        room = imgui.get_font_size() * 6 if is_untrained else 0
        imgui.text_unformatted(controls.ellipsis(name, width - room))
        measure.pop_font()
        controls.tooltip(source)
        if is_untrained:
            imgui.same_line()
            imgui.text_colored(theme.ACCENT, "untrained")
            controls.tooltip("Fixed random weights: the pictures mean nothing. Open a checkpoint.")
        text = describe(info) if info is not None else "Not loaded yet"
        # one line: a second one would move the controls below under the mouse
        controls.note(controls.ellipsis(text, imgui.get_content_region_avail().x))
        controls.tooltip(text)

    def _build_path(self) -> None:
        models = self._context.models
        browse = controls.button_width(icons.OPEN)
        imgui.set_next_item_width(-browse - imgui.get_style().item_inner_spacing.x)
        entered, self._text = imgui.input_text_with_hint(
            "##path",
            controls.hint("Path or address of a .pkl or .safetensors"),
            self._text,
            imgui.InputTextFlags_.enter_returns_true.value,
        )
        if not (imgui.is_item_active() or imgui.is_item_deactivated() or models.loading):
            controls.tooltip(
                "Type a file, a folder or an address (https://…) and press Enter, or drop a file "
                "on the window"
            )
        if entered and self._text.strip():
            self._context.open_path(self._text.strip())
            self._text = ""
        controls.next_to()
        if controls.button(f"{icons.OPEN}##browse", "Browse for a checkpoint", browse):
            self._context.actions["Open model…"]()

    def _build_ways(self, current: str) -> None:
        width = controls.half_width(3)
        loaded = [model.source for model in reversed(self._context.models.resident)]
        recent, bundled = self._context.settings.recent, list(BUNDLED_SOURCES)
        self._build_list("Loaded", "Models in memory: switching is instant", loaded, current, width)
        controls.next_to()
        self._build_list("Recent", "Models opened before", recent, current, width)
        controls.next_to()
        text = "Generators that ship with the program"
        self._build_list("Bundled", text, bundled, current, width)

    def _build_list(
        self, name: str, help_text: str, sources: list[str], current: str, width: float
    ) -> None:
        """A button, and below it the list that it opens."""
        if controls.button(name, help_text, width):
            imgui.open_popup(name)
        below = ImVec2(imgui.get_item_rect_min().x, imgui.get_item_rect_max().y + theme.px(2))
        view = imgui.get_main_viewport()
        room = view.pos.y + view.size.y - below.y - theme.px(2)
        if room >= LEAST_LIST_EM * imgui.get_font_size():  # else Dear ImGui finds a place
            imgui.set_next_window_pos(below)
            imgui.set_next_window_size_constraints(ImVec2(0, 0), ImVec2(view.size.x, room))
        if not imgui.begin_popup(name):
            return
        if not sources:
            imgui.text_disabled("None yet")
        for source in sources:
            shown = imgui.menu_item(f"{short_name(source)}##{source}", "", source == current)[0]
            controls.tooltip(source)
            if shown:
                self._context.models.open(source)
        imgui.end_popup()

    def _build_progress(self) -> None:
        loading = self._context.models.loading
        assert loading is not None
        height = imgui.get_frame_height()
        room = imgui.calc_text_size("Cancel").x + 2 * imgui.get_style().frame_padding.x
        width = imgui.get_content_region_avail().x - room - imgui.get_style().item_inner_spacing.x
        text = f"{short_name(loading.source)} · {loading.fraction * 100:.0f} %"
        if is_address(loading.source):
            text = loading.text  # how much has come, and of how much
        text = controls.ellipsis(text, width - 12)
        imgui.push_style_color(imgui.Col_.plot_histogram.value, theme.ACCENT_DIM)
        imgui.progress_bar(loading.fraction, ImVec2(width, height), text)
        imgui.pop_style_color()
        controls.tooltip(f"{loading.text}: {loading.source}")
        controls.next_to()
        if controls.button(
            "Cancel", "Stop loading; the model shown stays, and what was downloaded"
        ):
            self._context.models.cancel()

    def _describe_memory(self) -> str:
        models = self._context.models
        num, budget = len(models.resident), self._context.settings.models_budget_gb
        return f"{num} in memory · {gigabytes(models.num_bytes)} of {budget:g} GB"

    def _build_memory(self, state: ViewState) -> None:
        """The resident models, the latest used first, each with a way to drop it."""
        models, settings = self._context.models, self._context.settings
        for model in reversed(models.resident):
            imgui.push_id(model.source)
            self._build_resident(model, state)
            imgui.pop_id()
        controls.label("Budget", settings.models_budget_gb != 4)
        settings.models_budget_gb = controls.number(
            "budget", settings.models_budget_gb, 4.0, limits=(0.25, 64.0), speed=0.05, unit="GB",
            help_text="What loaded models may take together; those used longest ago leave first, "
            "those on the screen stay",
        )  # fmt: skip

    def _build_resident(self, model: ResidentModel, state: ViewState) -> None:
        compared = state.comparison.pinned
        is_shown = model.source in (state.model, compared.model if compared else "")
        size = gigabytes(model.num_bytes)
        style, widths = imgui.get_style(), imgui.calc_text_size(f"{size}{icons.CLOSE}").x
        room = imgui.get_content_region_avail().x - widths
        room -= 2 * (style.frame_padding.x + style.item_inner_spacing.x)
        name = controls.ellipsis(short_name(model.source), room)
        is_current = model.source == state.model
        clicked = imgui.selectable(f"{name}###show", is_current, 0, ImVec2(room, 0))[0]
        controls.tooltip(f"Show {model.source}: at once")
        if clicked:
            self._context.models.open(model.source)
        controls.next_to()
        imgui.text_colored(theme.TEXT_DIM, size)
        controls.next_to()
        imgui.begin_disabled(is_shown)
        if imgui.small_button(f"{icons.CLOSE}##drop"):
            self._context.models.drop(model.source)
        imgui.end_disabled()
        text = "It is shown, or compared with" if is_shown else "Free its memory"
        controls.tooltip(text)

    def _build_failure(self, failure: Failure) -> None:
        imgui.push_style_color(imgui.Col_.text.value, theme.ALERT)
        imgui.text_wrapped(f"{icons.WARNING} {failure.error.message}")
        imgui.pop_style_color()
        if failure.error.details and controls.fold("Details##failure"):
            imgui.push_style_color(imgui.Col_.text.value, theme.TEXT_DIM)
            imgui.text_wrapped(failure.error.details)
            imgui.pop_style_color()
            imgui.tree_pop()
        if controls.button("Retry", f"Load {os.path.basename(failure.source)} again"):
            self._context.models.retry(failure.source)
        controls.next_to()
        if controls.button("Dismiss", "Hide this message; the model shown stays"):
            self._context.models.dismiss_failure(failure.source)


def gigabytes(num_bytes: int) -> str:
    """A size as people say it, in GB from a tenth of one on."""
    if num_bytes < 0.1 * 2**30:
        return f"{num_bytes / 2**20:.1f} MB" if num_bytes < 10 * 2**20 else f"{num_bytes >> 20} MB"
    return f"{num_bytes / 2**30:.2f} GB"


def describe(info: ModelInfo) -> str:
    """One line about a model, such as "StyleGAN3 · 256² · 16 ws · 15.1 M weights"."""
    num = info.num_parameters
    parts = [
        _FAMILIES.get(info.family, info.family),
        f"{info.img_resolution}²",
        f"{info.num_ws} ws",
        f"{num / 1e6:.1f} M weights" if num >= 1e6 else f"{num / 1e3:.0f} k weights",
    ]
    if info.c_dim:
        parts.append(f"{info.c_dim} classes")
    return " · ".join(parts)
