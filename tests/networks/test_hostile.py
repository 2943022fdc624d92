"""Files that no program should trust are refused in one sentence, and nothing is executed."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hostile_files
import hostile_pickles
import pytest
from pickle_writer import torch_checkpoint
from stand_ins import Options

import networks

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"
CHILD_LIMIT_SEC = 150


def tiny3() -> networks.StyleGAN3:
    config = networks.StyleGAN3Config(
        16, z_dim=4, w_dim=4, channel_base=64, channel_max=4, num_layers=3, num_critical=1
    )
    return networks.StyleGAN3(config)


def tiny2() -> networks.StyleGAN2:
    return networks.StyleGAN2(
        networks.StyleGAN2Config(16, z_dim=4, w_dim=4, channel_base=64, channel_max=4)
    )


def own(generator: networks.Generator, folder: Path) -> bytes:
    networks.save_generator(generator, folder / "own.safetensors")
    data = (folder / "own.safetensors").read_bytes()
    (folder / "own.safetensors").unlink()
    return data


CATEGORIES: dict[str, Callable[[Path], dict[str, bytes]]] = {
    "foreign globals": lambda _: hostile_pickles.foreign_globals(),
    "odd arrays": lambda _: hostile_pickles.odd_arrays(),
    "odd views": lambda _: hostile_pickles.odd_views(),
    "huge sizes": lambda _: hostile_pickles.huge_sizes(),
    "odd opcodes": lambda _: hostile_pickles.odd_opcodes(),
    "deep": lambda _: hostile_pickles.deep(),
    "repeated": lambda _: hostile_pickles.repeated(),
    "odd generators": lambda _: hostile_pickles.odd_generators(tiny3(), tiny2()),
    "odd TensorFlow": lambda _: hostile_pickles.odd_tensorflow(tiny2()),
    "other formats": lambda _: hostile_files.other_formats(),
    "safetensors 3": lambda folder: hostile_files.odd_safetensors(own(tiny3(), folder)),
    "safetensors 2": lambda folder: hostile_files.odd_safetensors(own(tiny2(), folder)),
    "designs 3": lambda folder: hostile_files.odd_designs(tiny3(), own(tiny3(), folder)),
    "designs 2": lambda folder: hostile_files.odd_designs(tiny2(), own(tiny2(), folder)),
}


def outcomes(folder: Path, *places: Path) -> dict[Path, str]:
    """What the watched child makes of files."""
    warm_up = folder / "warm-up"
    warm_up.mkdir()
    for path in GOLDEN.glob("*.pkl"):
        (warm_up / path.name).write_bytes(path.read_bytes())
    networks.save_generator(tiny3(), warm_up / "3.safetensors")
    networks.save_generator(tiny2(), warm_up / "2.safetensors")
    # A fixed number of threads: each one that starts later would take address space.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parent.parent)}
    done = subprocess.run(
        [sys.executable, str(HERE / "hostile_child.py"), str(warm_up), *map(str, places)],
        capture_output=True,
        text=True,
        timeout=CHILD_LIMIT_SEC,
        cwd=folder,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {Path(path): text for path, text in json.loads(done.stdout).items()}


def is_one_sentence(text: str, path: Path) -> bool:
    sentence = text.removeprefix("refused: ")
    is_short = text != sentence and len(sentence) - len(str(path)) < 400
    return is_short and sentence.isprintable() and str(path) in sentence


def test_every_hostile_file_gets_one_sentence(tmp_path: Path) -> None:
    expected = 0
    for name, make in CATEGORIES.items():
        files = make(tmp_path)
        assert len(files) >= 4
        hostile_files.write_all(tmp_path / "files" / name, files)
        expected += len(files)
    found = outcomes(tmp_path, tmp_path / "files")
    assert len(found) == expected
    wrong = {str(p): text for p, text in found.items() if not is_one_sentence(text, p)}
    assert not wrong
    assert not list(tmp_path.rglob(hostile_pickles.MARKER))


def test_damaged_files_load_or_get_one_sentence(tmp_path: Path) -> None:
    """A flip that only changes a weight may load."""
    sources = [path.read_bytes() for path in sorted(GOLDEN.glob("*.pkl"))]
    sources += [own(tiny3(), tmp_path), own(tiny2(), tmp_path)]
    sources += [torch_checkpoint(tiny2(), Options(protocol=2)), torch_checkpoint(tiny3())]
    rng = random.Random(20)
    for i, good in enumerate(sources):
        files = {str(k): data for k, data in enumerate(hostile_files.damaged(good, rng, 24))}
        hostile_files.write_all(tmp_path / "files" / str(i), files)
    found = outcomes(tmp_path, tmp_path / "files")
    wrong = {
        str(path): text
        for path, text in found.items()
        if text != "loaded" and not is_one_sentence(text, path)
    }
    assert not wrong
    assert 10 < sum(text == "loaded" for text in found.values()) < len(found) / 2


def test_the_watch_sees_what_it_should(tmp_path: Path) -> None:
    """Broken on purpose: a child whose loader imports and opens must be caught."""
    code = (
        "import sys, pathlib; sys.argv = ['x', *sys.argv[2:]]\n"
        "import hostile_child, networks\n"
        "real = networks.load_generator\n"
        "def load(path):\n"
        "    if hostile_child.allowed: import this_is_not_there\n"
        "    return real(path)\n"
        "networks.load_generator = load\n"
        "hostile_child.main()\n"
    )
    good = tmp_path / "good"
    good.mkdir()
    (good / "a.pkl").write_bytes((GOLDEN / "stylegan2-tf-32.pkl").read_bytes())
    environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent.parent}"}
    done = subprocess.run(
        [sys.executable, "-c", code, "-", str(good), str(good / "a.pkl")],
        capture_output=True, text=True, timeout=CHILD_LIMIT_SEC, env=environment, check=True,
    )  # fmt: skip
    assert "this_is_not_there" in done.stdout


@pytest.mark.parametrize("name", ["missing", "folder", "pipe"])
def test_what_is_no_file_gets_one_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    if name == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no named pipes here")
        os.mkfifo(path)
    with pytest.raises(networks.CheckpointError) as caught:
        networks.load_generator(path)
    assert is_one_sentence(f"refused: {caught.value}", path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_no_permission_gets_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes((GOLDEN / "stylegan2-64.pkl").read_bytes())
    path.chmod(0)
    with pytest.raises(networks.CheckpointError, match="may not be read"):
        networks.load_generator(path)


def test_a_path_that_no_system_takes_gets_one_sentence() -> None:
    for path in ("a\0b.pkl", "x" * 10_000, ""):
        with pytest.raises(networks.CheckpointError):
            networks.load_generator(path)


def test_binary_files_are_checked_alike() -> None:
    for data in (b"", b"hello", hostile_pickles.pickled(hostile_pickles.touch())):
        with pytest.raises(networks.CheckpointError, match="the file"):
            networks.load_generator(io.BytesIO(data))
