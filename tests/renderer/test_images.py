"""`loupe images`: the pictures of the window, whole files, and one sentence for each mistake."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from renderer import images
from renderer import state as st
from renderer.messages import UNTRAINED, RenderRequest
from renderer.picture import read_metadata
from renderer.state import ViewState, state_to_json, to_request

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
R64 = str(GOLDEN / "stylegan3-r-64.pkl")
COND = str(GOLDEN / "stylegan2-cond-32.pkl")


def run(*arguments: object) -> int:
    return images.main(["--device", "cpu", *map(str, arguments)])


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_seed_becomes_a_picture_that_carries_its_state(tmp_path: Path, capsys: Any) -> None:
    assert run(R64, "--seeds", "2-4, 11", "--outdir", tmp_path, "--trunc", 0.7, "--cutoff", 5) == 0
    assert names(tmp_path) == [f"seed{seed:04d}.png" for seed in (2, 3, 4, 11)]
    metadata = read_metadata(tmp_path / "seed0011.png")
    assert metadata is not None
    assert metadata.checkpoint == "stylegan3-r-64.pkl"
    assert len(metadata.sha256) == 64
    assert metadata.state == replace(
        ViewState(model=R64, force_fp32=True),
        latent=st.LatentState(x=11.0),
        truncation=st.TruncationState(0.7, 5),
    )
    assert capsys.readouterr().out.split() == [str(tmp_path / name) for name in names(tmp_path)]
    different = {pixels(path).tobytes() for path in tmp_path.iterdir()}
    assert len(different) == 4


STATES = {
    "plain": ViewState(model=R64),
    "moved": replace(
        ViewState(model=R64),
        latent=st.LatentState(x=0.3, y=2.5),
        mix=st.StyleMixState(seed=7, rows=(3, 4, 9)),
        truncation=st.TruncationState(0.5, 8),
        transform=st.TransformState(x=0.11, y=-0.2, angle_turns=0.07, untransform=True),
    ),
    "layer": replace(
        ViewState(model=R64, force_fp32=True),
        layer=st.LayerState(name="input", rgb=False, base_channel=3, scale_db=-6.0),
        spectrum=st.SpectrumState(show=True, all_channels=True),
    ),
    "blend": replace(
        ViewState(model=COND),
        label=st.LabelState(1, 3, 0.25),
        noise=st.NoiseState(seed=5),
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_gives_the_windows_picture_bit_for_bit(
    name: str, shared_client: Any, tmp_path: Path
) -> None:
    path = tmp_path / f"{name}.json"
    path.write_text(state_to_json(STATES[name]), encoding="utf-8")
    assert run("--state", path, "--outdir", tmp_path / "out") == 0
    written = pixels(tmp_path / "out" / f"{name}.png")
    (view,) = to_request(STATES[name]).views
    assert np.array_equal(written, shared_client.picture(view).squeeze())
    assert RenderRequest((view,)) == to_request(STATES[name])
    # and the picture itself can be given as the state
    assert run("--state", tmp_path / "out" / f"{name}.png", "--outdir", tmp_path / "out") == 0
    assert np.array_equal(pixels(tmp_path / "out" / f"{name}-again.png"), written)


@pytest.mark.parametrize("exact", [True, False])
def test_options_say_what_the_state_would(exact: bool, tmp_path: Path) -> None:
    state = replace(
        ViewState(model=R64, force_fp32=exact),
        latent=st.LatentState(x=6.0),
        transform=st.TransformState(x=-0.1, y=0.05, angle_turns=-0.125),
    )
    path = tmp_path / "state.json"
    path.write_text(state_to_json(state), encoding="utf-8")
    assert run("--state", path, "--outdir", tmp_path) == 0
    moved = ("--translate", "-0.1,0.05", "--rotate", "-45")
    precision = () if exact else ("--reduced-precision",)
    assert run("--network", R64, "--seeds", 6, *moved, *precision, "--outdir", tmp_path) == 0
    assert np.array_equal(pixels(tmp_path / "state.png"), pixels(tmp_path / "seed0006.png"))


def test_class_and_noise_change_the_picture(tmp_path: Path) -> None:
    def picture(*extra: object) -> bytes:
        assert run(COND, "--seeds", 0, *extra, "--outdir", tmp_path) == 0
        return pixels(tmp_path / "seed0000.png").tobytes()

    drawn = picture()
    classes = {picture("--class", class_idx) for class_idx in range(5)}
    assert len(classes) == 5
    assert drawn in classes  # each seed draws its own
    assert len({drawn, picture("--noise-mode", "none"), picture("--noise-mode", "random")}) == 3
    assert picture("--noise-mode", "const") == drawn


MISTAKES = {
    "no model": (["/no/such.pkl", "--seeds", "1"], "/no/such.pkl"),
    "a text": ([str(ROOT / "setup.py"), "--seeds", "1"], "setup.py"),
    "a folder without models": ([str(ROOT / "tests"), "--seeds", "1"], "network-snapshot"),
    "another address": (["ftp://example.org/a.pkl", "--seeds", "1"], "only http:// and https://"),
    "another bundled model": (["bundled:none", "--seeds", "1"], "bundled:none"),
    "psi": ([R64, "--seeds", "1", "--trunc", "5"], "--trunc is 5.0, expected -1 to 2"),
    "cutoff": ([R64, "--seeds", "1", "--cutoff", "-3"], "--cutoff is -3, expected 0"),
    "translation": ([R64, "--seeds", "1", "--translate", "nan,0"], "--translate is nan"),
    "no such class": ([COND, "--seeds", "1", "--class", "5"], "classes 0 to 4"),
    "negative class": ([COND, "--seeds", "1", "--class", "-1"], "--class is -1, expected 0"),
    "no classes": ([R64, "--seeds", "1", "--class", "1"], "no classes"),
    "state file": (["--state", "/no/such.json"], "/no/such.json"),
    "state text": (["--state", '{"schema": 9}'], "schema 9"),
    "layer": (["--state", '{"schema": 1, "layer": {"name": "L99"}}'], "no layer 'L99'"),
    "folder is a file": ([R64, "--seeds", "1", "--outdir", str(ROOT / "setup.py")], "not a folder"),
    "inside a file": ([R64, "--seeds", "1", "--outdir", str(ROOT / "setup.py/x")], "inside a file"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, words = MISTAKES[name]
    assert run(*arguments) == 1
    output = capsys.readouterr()
    sentence = output.err.strip().splitlines()[-1]
    assert sentence.startswith("loupe images: ")
    assert words in sentence
    assert "Traceback" not in output.err
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required"),
        (["--seeds", "x"], "'x' is neither a seed nor a range such as 0-15"),
        (["--seeds", "5-2"], "not an ascending range"),
        (["--seeds", "4294967296"], "not an ascending range up to 4294967295"),
        (["--seeds", "0-4294967295"], "more than a million seeds"),
        (["--seeds", ""], "neither a seed"),
        (["--seeds", "1", "--state", "x"], "not allowed with"),
        (["--seeds", "1", "--translate", "3"], "'3' is not X,Y"),
        (["--seeds", "1", "--noise-mode", "loud"], "loud"),
        (["a.pkl", "--network", "b.pkl", "--seeds", "1"], "give one of them"),
    ],
)
def test_a_wrong_option_is_refused(arguments: list[str], words: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    assert stop.value.code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]


def test_an_interrupted_write_leaves_the_old_picture_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    assert run(R64, "--seeds", 1, "--outdir", tmp_path) == 0
    before = (tmp_path / "seed0001.png").read_bytes()

    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    assert run(R64, "--seeds", 1, "--trunc", 0.1, "--outdir", tmp_path) == 130
    assert "stopped" in capsys.readouterr().err
    assert names(tmp_path) == ["seed0001.png"]
    assert (tmp_path / "seed0001.png").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_a_full_disk_is_one_sentence_and_leaves_no_half_picture(tmp_path: Path) -> None:
    """A limit on the size of files fails a write as a full disk does."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
        "from renderer.images import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, R64, "--seeds", "1", "--outdir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("loupe images: ")
    assert "too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert names(tmp_path) == []


def test_it_runs_without_a_display_or_a_window_package(tmp_path: Path) -> None:
    code = (
        "import sys; from renderer.images import main; code = main(sys.argv[1:]); "
        "assert not {'imgui_bundle', 'glfw', 'OpenGL'} & set(sys.modules); sys.exit(code)"
    )
    environment = {key: value for key, value in os.environ.items() if "DISPLAY" not in key}
    command = [sys.executable, "-c", code, UNTRAINED, "--seeds", "3", "--outdir", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert pixels(tmp_path / "seed0003.png").shape == (128, 128, 3)


def test_a_picture_for_which_there_is_no_room_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(images, "save_png", no_room)
    assert run(R64, "--seeds", 1, "--outdir", tmp_path) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path / 'seed0001.png'} could not be written: {os.strerror(errno.ENOSPC)}." in said
    assert "Traceback" not in said


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert run(R64, "--seeds", 1, "--outdir", tmp_path / "a") == 1
    assert f"--outdir {tmp_path / 'a'} cannot be made" in capsys.readouterr().err
