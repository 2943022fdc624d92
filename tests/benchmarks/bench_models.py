"""Whole generators: native kernels against plain torch, with the same threads, in one run.

Every measurement runs in a process of its own, because what glibc's malloc does with freed memory
(a large part of the reference's time) is settled when a process starts. "default" leaves it alone;
"tuned" keeps freed memory, which the native kernels ask for themselves.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks import roofline, zoo
from tests.benchmarks.parts import Parts, table

DEFAULT_MODELS = ("bundled", "T-256", "R-256", "SG2-256")
TUNED = {
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
    "MALLOC_TOP_PAD_": str(2**26),
}
WAYS = (  # implementation, precision, malloc
    ("reference", "float32", "default"),
    ("reference", "float32", "tuned"),
    ("native", "float32", "tuned"),
    ("native", "reduced", "tuned"),
)
LIMIT_SEC = 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--models", nargs="+", choices=[*zoo.BUILD, "all"], metavar="MODEL")
    parser.add_argument(
        "--default-malloc", action="store_true", help="native kernels with default malloc, too"
    )
    parser.add_argument("--no-reference", action="store_true", help="native kernels only")


def run(options: argparse.Namespace, parts: Parts) -> None:
    """Measure the chosen models and print the table."""
    chosen = options.models or DEFAULT_MODELS
    names = list(zoo.BUILD) if "all" in chosen else list(chosen)
    ways = [way for way in WAYS if not (options.no_reference and way[0] == "reference")]
    if options.default_malloc:
        ways.append(("native", "float32", "default"))
        ways.append(("native", "reduced", "default"))
    peak = parts.get("roofline", roofline.measure)
    print(_describe_roofline(peak))
    for name in names:
        for way in ways:
            key = "/".join(("model", name, *way))
            parts.get(key, lambda name=name, way=way: _measure(name, way, parts.file))
        print(_report(name, parts.values, peak), flush=True)


def _measure(name: str, way: tuple[str, str, str], file: Path | None) -> dict[str, Any]:
    impl, precision, malloc = way
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    environment["OMP_WAIT_POLICY"] = "passive"  # as the program's own processes
    environment["LOUPE_NATIVE"] = "1" if impl == "native" else "0"
    environment["LOUPE_KEEP_MEMORY"] = "1" if malloc == "tuned" else "0"
    if malloc == "tuned":
        environment |= TUNED
    folder = file.parent if file is not None else Path(tempfile.gettempdir())
    picture = folder / f"reference-{name}.npy"
    command = [sys.executable, "-m", "tests.benchmarks.one_model"]
    done = subprocess.run(
        [*command, name, impl, precision, str(picture)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_SEC,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{name} {'/'.join(way)} failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _describe_roofline(peak: dict[str, float]) -> str:
    return (
        f"{peak['threads']} threads; float32 from registers {peak['fma_gflops']:.0f} GFLOP/s; "
        f"products in float32 {peak['float32_product_gflops']:.0f}, "
        f"in bfloat16 {peak['bfloat16_product_gflops']:.0f}; copy {peak['copy_gbytes']:.1f} GB/s"
    )


def _report(name: str, values: dict[str, Any], peak: dict[str, float]) -> str:
    """One model's table; times in ms, ratios to the reference with the same malloc and default."""
    found = {
        tuple(k.split("/")[2:]): v for k, v in values.items() if k.startswith(f"model/{name}/")
    }
    base = {way[2]: v["ms"] for way, v in found.items() if way[0] == "reference"}
    heading = (
        "way|ms|cpu ms|x default|x tuned|conv|filter|rest|x floor|SNR dB|largest error|peak MB"
    )
    rows = [heading.split("|")]
    for way, value in found.items():
        shares = value.get("shares", {})
        rows.append(
            ["/".join(way), f"{value['ms']:.1f}", f"{value['cpu_ms']:.1f}"]
            + [f"{base[m] / value['ms']:.1f}" if m in base else "" for m in ("default", "tuned")]
            + [f"{shares[k]:.0%}" if shares else "" for k in ("conv", "filter", "rest")]
            + [f"{value['ms'] / _floor_ms(value, way[1], peak):.2f}"]
            + [f"{value['snr_db']:.1f}" if "snr_db" in value else ""]
            + [f"{value['largest_error']:.1e}" if "largest_error" in value else ""]
            + [f"{value['peak_mbytes']:.0f}"]
        )
    any_value = next(iter(found.values()))
    title = (
        f"\n{name}: convolution {any_value['conv_gflops']:.1f} GFLOP, filters "
        f"{any_value['filter_gflops']:.1f} GFLOP per picture"
    )
    return f"{title}\n{table(rows)}"


def _floor_ms(value: dict[str, Any], precision: str, peak: dict[str, float]) -> float:
    """Plain arithmetic at the measured peaks; Winograd's transform may go below it."""
    fma = max(peak["fma_gflops"], peak["float32_product_gflops"])
    conv = fma if precision == "float32" else max(peak["bfloat16_product_gflops"], fma)
    return 1e3 * (value["conv_gflops"] / conv + value["filter_gflops"] / fma)
