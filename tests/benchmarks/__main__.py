"""`python -m tests.benchmarks kernels|models|window|layers|all`; see `--help` of each."""

import argparse
import importlib
from pathlib import Path
from typing import Any

from tests.benchmarks import bench_kernels, bench_models
from tests.benchmarks.parts import Parts


def main(argv: list[str] | None = None) -> None:
    """Run the chosen benchmarks."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        default="models",
        choices=["kernels", "models", "window", "layers", "all"],
    )
    parser.add_argument("--json", type=Path, help="file of results; parts in it are not redone")
    parser.add_argument("--redo", action="store_true", help="measure parts that are there, too")
    bench_models.add_arguments(parser)
    options, others = parser.parse_known_args(argv)
    if others and options.what not in ("window", "layers"):
        parser.error(f"unknown arguments: {' '.join(others)}")
    parts = Parts(options.json, options.redo)
    if options.what in ("kernels", "all"):
        bench_kernels.run(options, parts)
    if options.what in ("models", "all"):
        bench_models.run(options, parts)
    if options.what in ("window", "all"):
        _run_window("window", others)
    if options.what in ("layers", "all"):
        _run_window("layers", others)


def _run_window(name: str, arguments: list[str]) -> None:
    try:
        window: Any = importlib.import_module(f"tests.benchmarks.bench_{name}")
    except ModuleNotFoundError as error:
        raise SystemExit(f"the window's benchmark cannot be loaded: {error}") from error
    (window.run if hasattr(window, "run") else window.main)(arguments)


if __name__ == "__main__":
    main()
