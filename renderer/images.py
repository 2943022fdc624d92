"""`loupe images`: render seeds, or a state, to PNG files without a window.

The pictures are those of the window, pixel for pixel: the same pipeline makes both.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from networks import CheckpointError
from renderer import state as st
from renderer.devices import LADDER, choose_device
from renderer.errors import RenderError, error_info
from renderer.messages import BUNDLED, View
from renderer.models import Model, load_model
from renderer.picture import describe_picture, read_metadata, save_png
from renderer.pipeline import Pipeline
from renderer.progress import percent_bar
from renderer.state import MAX_SEED, StateError, ViewState
from renderer.work import Work

EPILOG = """\
Names: seed0042.png for --seeds, the state file's own name for --state (with "-again" where that
would replace the state file itself). Pictures of the same name in the folder are replaced.
"""
_OPTION_NAMES = {
    "truncation.psi": "--trunc",
    "truncation.cutoff": "--cutoff",
    "transform.x": "--translate",
    "transform.y": "--translate",
    "transform.angle_turns": "--rotate (in turns)",
    "label.class_idx": "--class",
}
NOISE_SEED = 1  # of --noise-mode random: any but 0, which is the stored noise


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(_join_negative(sys.argv[1:] if arguments is None else arguments))
    if options.model is not None and options.network is not None:
        parser.error("MODEL and --network name the same thing; give one of them")
    options.model = options.model or options.network
    try:
        states = _states(options)
        _render_all(states, options)
    except (StateError, RenderError, CheckpointError, OSError) as error:
        print(f"{parser.prog}: {_sentence(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{parser.prog}: stopped; the pictures written so far are whole", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="loupe images",
        description="Render pictures of a generator to PNG files, without a window.",
        epilog=EPILOG,
    )
    add = parser.add_argument
    add(
        "model",
        nargs="?",
        metavar="MODEL",
        help="checkpoint or address; default: the bundled generator",
    )
    add("--network", metavar="MODEL", help="the same, as an option")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seeds", type=_seed_list, help="such as 0-15,42")
    what.add_argument("--state", help="a state (JSON file or text) or a picture that carries one")
    add("--trunc", type=float, metavar="PSI", help="truncation psi, -1 to 2")
    add("--cutoff", "--trunc-cutoff", type=int, metavar="N", dest="cutoff",
        help="truncate the first N rows of ws only")  # fmt: skip
    add("--translate", type=_pair, metavar="X,Y", help="in image widths, + = right, down")
    add("--rotate", type=float, metavar="DEG", help="+ = counter-clockwise")
    add("--class", type=int, dest="class_idx", metavar="N",
        help="of a conditional model; default: each seed draws its own")  # fmt: skip
    add("--noise-mode", choices=("const", "random", "none"), help="StyleGAN2 only")
    add("--reduced-precision", action="store_true",
        help="of --seeds: 16 bits where the window takes them, quicker")  # fmt: skip
    add("--outdir", type=Path, default=Path(), metavar="DIR", help="default: the current folder")
    add("--no-metadata", action="store_true", help="do not write the state into the pictures")
    add("--device", choices=LADDER, help="default: the best that works")
    return parser


def _join_negative(arguments: Sequence[str]) -> list[str]:
    """'--translate -0.1,0' → '--translate=-0.1,0', which argparse does not take for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in ("--translate", "--rotate", "--trunc", "--class"):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _render_all(states: list[tuple[str, ViewState]], options: argparse.Namespace) -> None:
    device = choose_device(options.device).device
    pipeline = Pipeline(device)
    _make_folder(options.outdir)
    model = _load(states[0][1].model, device)
    if options.class_idx is not None and model.info.c_dim == 0:
        raise RenderError(f"{model.info.label} has no classes; leave --class out.")
    for name, state in tqdm(states, unit="picture", file=sys.stderr, disable=None):
        rendered = pipeline.render(_exact_view(state), model, Work())
        metadata = None if options.no_metadata else describe_picture(state, model.info)
        path = options.outdir / name
        try:
            save_png(path, rendered.picture.pixels, metadata)
        except OSError as error:
            reason = error.strerror or error
            raise RenderError(f"{path} could not be written: {reason}.") from error
        tqdm.write(str(path), file=sys.stdout)


def _exact_view(state: ViewState) -> View:
    """As in the window, except that a layer which is not there is an error here."""
    view = st.to_view(state)
    return replace(view, display=replace(view.display, layer_or_output=False))


def _make_folder(outdir: Path) -> None:
    """Before anything is loaded or rendered: a folder that cannot be used is known at once."""
    try:
        outdir.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise RenderError(f"--outdir {outdir} is not a folder; name another.") from error
    except NotADirectoryError as error:
        raise RenderError(f"--outdir {outdir} lies inside a file; name another.") from error
    except OSError as error:
        raise RenderError(f"--outdir {outdir} cannot be made: {error.strerror}.") from error
    if not os.access(outdir, os.W_OK):
        raise RenderError(f"--outdir {outdir} cannot be written to; name another.")


def _load(source: str, device: str) -> Model:
    with percent_bar() as report:
        return load_model(source, device, report)


# --- from options to states ----------------------------------------------------------------


def _states(options: argparse.Namespace) -> list[tuple[str, ViewState]]:
    """(file name, state) of each picture.

    Raises:
        StateError: a value that no state may have, or a state file that cannot be used.
    """
    if options.state is None:
        exact = not options.reduced_precision
        base = ViewState(model=options.model or BUNDLED, force_fp32=exact)
        base = _with_options(base, options)
        return [
            (f"seed{seed:04d}.png", replace(base, latent=st.LatentState(x=float(seed))))
            for seed in options.seeds
        ]
    state, name = _read_state(options.state, options.outdir)
    if options.model is not None:
        state = replace(state, model=options.model)
    return [(name, _with_options(state, options))]


def _with_options(state: ViewState, options: argparse.Namespace) -> ViewState:
    """The state with what the command line says about it."""
    truncation, transform = state.truncation, state.transform
    if options.trunc is not None:
        truncation = replace(truncation, psi=options.trunc)
    if options.cutoff is not None:
        truncation = replace(truncation, cutoff=options.cutoff)
    if options.translate is not None:
        transform = replace(transform, x=options.translate[0], y=options.translate[1])
    if options.rotate is not None:
        transform = replace(transform, angle_turns=options.rotate / 360)
    if options.class_idx is not None:
        state = replace(state, label=st.LabelState(class_idx=options.class_idx))
    if options.noise_mode is not None:
        seed = NOISE_SEED if options.noise_mode == "random" else 0
        state = replace(state, noise=st.NoiseState(options.noise_mode != "none", seed))
    return _checked(replace(state, truncation=truncation, transform=transform))


def _checked(state: ViewState) -> ViewState:
    """The state, or an error that names the option behind a value."""
    try:
        return st.check_state(state)
    except StateError as error:
        message = str(error)
        for place, option in _OPTION_NAMES.items():
            message = message.replace(f"state.{place} ", f"{option} ")
        raise StateError(message) from error


def _read_state(source: str, outdir: Path) -> tuple[ViewState, str]:
    """The state of a file or text, and the name of the picture to write."""
    if source.lstrip().startswith("{"):
        return st.state_from_json(source), "picture.png"
    path = Path(source)
    if path.suffix.lower() == ".png":
        metadata = read_metadata(path)
        if metadata is None:
            raise StateError(f"{path} carries no state: it was not saved by this program")
        state = metadata.state
    else:
        state = _read_state_file(path)
    name = f"{path.stem}.png"
    replaces_itself = (outdir / name).exists() and path.samefile(outdir / name)
    return state, f"{path.stem}-again.png" if replaces_itself else name


def _read_state_file(path: Path) -> ViewState:
    try:
        return st.state_from_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise StateError(f"{path} is not a state: it is not text") from error
    except StateError as error:
        raise StateError(f"{path}: {error}") from error


def _seed_list(text: str) -> list[int]:
    """'0-15,42' → seeds in the order given."""
    return list(_seeds(text))


def _seeds(text: str) -> Iterator[int]:
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,10})(?:-(\d{1,10}))?\s*", part, re.ASCII)
        if match is None:
            raise argparse.ArgumentTypeError(f"{part!r} is neither a seed nor a range such as 0-15")
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last <= MAX_SEED:
            raise argparse.ArgumentTypeError(f"{part!r} is not an ascending range up to {MAX_SEED}")
        if last - first >= 1_000_000:
            raise argparse.ArgumentTypeError(f"{part!r} is more than a million seeds")
        yield from range(first, last + 1)


def _pair(text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        x, y = (float(part) for part in parts)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not X,Y such as 0.1,-0.2") from None
    return x, y


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror or error}"
    return error_info(error, "rendering").message


if __name__ == "__main__":
    sys.exit(main())
