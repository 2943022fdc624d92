"""Progress of a fit on disk: folders of parts below 16 MiB, written completely or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from networks.fit.trainer import Trainer

MAX_PART_BYTES = 15 * 2**20
MANIFEST = "progress.json"
KEPT = 2  # folders


def save_progress(trainer: Trainer, folder: Path) -> Path:
    """Write generator, averaged generator and optimizer as `folder/step-…/`; drop old ones."""
    final = folder / f"step-{trainer.step:08d}"
    temporary = folder / f".step-{trainer.step:08d}.part"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    parts = split(collect(trainer))
    for i, part in enumerate(parts):
        safetensors.torch.save_file(part, temporary / f"part-{i}.safetensors")
    manifest = {"step": trainer.step, "num_parts": len(parts)}
    (temporary / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    shutil.rmtree(final, ignore_errors=True)
    temporary.rename(final)
    for old in progress_folders(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return final


def load_progress(trainer: Trainer, folder: Path) -> bool:
    """Continue from the latest progress in a folder; False if there is none.

    Raises:
        ValueError: the progress belongs to another recipe.
    """
    folders = progress_folders(folder)
    if not folders:
        return False
    tensors = read_tensors(folders[-1])
    try:
        trainer.generator.load_state_dict(_under(tensors, "generator."))
        trainer.ema.load_state_dict(_under(tensors, "ema."))
    except RuntimeError as error:
        raise ValueError(
            f"{folders[-1]} belongs to another recipe; choose another folder"
        ) from error
    trainer.share_buffers()
    for i, parameter in enumerate(_parameters(trainer)):
        state = _under(tensors, f"optimizer.{i}.")
        if state:
            trainer.optimizer.state[parameter] = {k: v.clone() for k, v in state.items()}
    trainer.step = int(json.loads((folders[-1] / MANIFEST).read_text(encoding="utf-8"))["step"])
    return True


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of one `step-…` folder."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    tensors: dict[str, Tensor] = {}
    for i in range(int(manifest["num_parts"])):
        tensors.update(safetensors.torch.load_file(folder / f"part-{i}.safetensors"))
    return tensors


def averaged_state(folder: Path) -> dict[str, Tensor]:
    """State dictionary of the averaged generator in the latest progress of a folder.

    Raises:
        ValueError: there is no progress.
    """
    folders = progress_folders(folder)
    if not folders:
        raise ValueError(f"{folder} holds no progress of a fit; start one with --out {folder}")
    return _under(read_tensors(folders[-1]), "ema.")


def progress_folders(folder: Path) -> list[Path]:
    """The complete `step-…` folders, oldest first."""
    return sorted(path for path in folder.glob("step-*") if (path / MANIFEST).is_file())


def collect(trainer: Trainer) -> dict[str, Tensor]:
    """Every tensor that a continued fit needs, by name."""
    tensors = {f"generator.{k}": v for k, v in trainer.generator.state_dict().items()}
    tensors |= {f"ema.{k}": v for k, v in trainer.ema.state_dict().items()}
    for i, parameter in enumerate(_parameters(trainer)):
        for name, value in trainer.optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer.{i}.{name}"] = torch.as_tensor(value)
    return {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}


def split(tensors: dict[str, Tensor], limit: int = MAX_PART_BYTES) -> list[dict[str, Tensor]]:
    """Dictionaries of at most `limit` bytes each, in order; a larger tensor stands alone."""
    parts: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, value in tensors.items():
        if parts[-1] and size + value.nbytes > limit:
            parts.append({})
            size = 0
        parts[-1][name] = value
        size += value.nbytes
    return parts


def _parameters(trainer: Trainer) -> list[Tensor]:
    return [p for group in trainer.optimizer.param_groups for p in group["params"]]


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
