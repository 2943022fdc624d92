"""What the window remembers between runs, apart from the session: a small JSON file."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from visualizer.files import pictures_folder, settings_folder, write_atomic

MAX_RECENT = 12
_log = logging.getLogger(__name__)


@dataclass
class Settings:
    """Preferences. They never change the picture."""

    restore_session: bool = True
    fps_limit: int = 60  # 5…1000
    vsync: bool = True
    theme: str = "Dark"  # of theme.THEMES
    surround: str = "Dark"  # of theme.SURROUNDS
    capture_folder: str = ""  # "" = pictures_folder()
    save_metadata: bool = True
    models_budget_gb: float = 4.0  # what the models in memory may take together, 0.25…64
    scale: float = 1.0  # of the interface, 0.75…2
    columns: dict[str, float] = dataclasses.field(default_factory=dict)  # widths at scale 1
    recent: list[str] = dataclasses.field(default_factory=list)

    def add_recent(self, source: str) -> None:
        """Put a model at the head of the recent ones."""
        self.recent = [source, *(s for s in self.recent if s != source)][:MAX_RECENT]

    @property
    def capture_path(self) -> Path:
        """Where pictures go."""
        return Path(self.capture_folder).expanduser() if self.capture_folder else pictures_folder()


def settings_file() -> Path:
    return settings_folder() / "settings.json"


def load_settings(say: Callable[[str], None] = _log.warning) -> Settings:
    """Read the settings; an unreadable file or value falls back to the defaults, and `say`s so."""
    try:
        data = json.loads(settings_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, RecursionError) as error:
        say(f"The settings were not read, the defaults serve ({settings_file()}: {error}).")
        return Settings()
    return _from_json(data)


def save_settings(settings: Settings) -> None:
    """Write the settings."""
    text = json.dumps(dataclasses.asdict(settings), indent=1)
    write_atomic(settings_file(), text.encode("utf-8"))


def _from_json(data: object) -> Settings:
    settings = Settings()
    if not isinstance(data, dict):
        return settings
    for entry in dataclasses.fields(Settings):
        value = data.get(entry.name)
        default = getattr(settings, entry.name)
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        if type(value) is type(default):
            setattr(settings, entry.name, value)
    settings.recent = [s for s in settings.recent if isinstance(s, str)][:MAX_RECENT]
    settings.fps_limit = min(max(settings.fps_limit, 5), 1000)
    settings.models_budget_gb = min(max(settings.models_budget_gb, 0.25), 64.0)
    settings.scale = min(max(settings.scale, 0.75), 2.0)
    settings.columns = {
        str(name): float(width)
        for name, width in settings.columns.items()
        if type(width) in (int, float) and 50 <= width <= 5000
    }
    return settings
