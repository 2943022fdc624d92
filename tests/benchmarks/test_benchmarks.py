"""The benchmarks count right, resume where they stopped and merge what several runs measured."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import cuda_ext
from networks.stylegan3_design import StyleGAN3Config, design_stylegan3
from tests.benchmarks import bench_models, shares, zoo
from tests.benchmarks.__main__ import main
from tests.benchmarks.parts import Parts, table


def test_a_part_is_measured_once_and_runs_merge(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    first, second = Parts(file), Parts(file)
    assert first.get("a", lambda: 1) == 1
    assert second.get("b", lambda: 2) == 2
    assert json.loads(file.read_text()) == {"a": 1, "b": 2}

    def never() -> None:
        raise AssertionError("measured again")

    assert Parts(file).get("a", never) == 1
    assert Parts(file, redo=True).get("a", lambda: 3) == 3
    assert json.loads(file.read_text()) == {"a": 3, "b": 2}


def test_columns_of_a_table_are_aligned() -> None:
    lines = table([["name", "ms"], ["a", "10.5"], ["longer", "1"]]).splitlines()
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("resolution", "radial", "convolution", "filters"),
    [
        (256, False, 210, 8),
        (256, True, 89, 36),
        (512, False, 544, 25),
        (512, True, 236, 111),
        (1024, False, 570, 45),
        (1024, True, 248, 197),
    ],
)
def test_arithmetic_is_that_of_the_paper_configurations(
    resolution: int, radial: bool, convolution: float, filters: float
) -> None:
    base = (16384 if resolution == 256 else 32768) * (1 + radial)
    config = StyleGAN3Config(
        resolution,
        channel_base=base,
        channel_max=512 * (1 + radial),
        conv_kernel=1 if radial else 3,
        use_radial_filters=radial,
    )
    generator = SimpleNamespace(family="stylegan3", design=design_stylegan3(config))
    got = zoo.gflops(generator)
    assert abs(got[0] - convolution) < 0.01 * convolution + 0.5
    assert abs(got[1] - filters) < 0.01 * filters + 0.5


def test_time_of_an_operator_inside_another_counts_once() -> None:
    with shares.watched() as clock:
        cuda_ext.filtered_lrelu(torch.ones(1, 1, 4, 4), torch.ones(2), impl="reference")
    assert clock.seconds["filter"] > 0
    assert clock.seconds["conv"] == 0  # the reference's own convolutions are filtering


def test_the_report_compares_with_the_reference_of_the_same_run() -> None:
    common = {"cpu_ms": 1.0, "conv_gflops": 1.0, "filter_gflops": 1.0, "peak_mbytes": 1.0}
    values = {
        "model/T-256/reference/float32/default": common | {"ms": 100.0},
        "model/T-256/native/float32/tuned": common | {"ms": 10.0, "snr_db": 50.0},
    }
    peak = {"fma_gflops": 1000.0, "float32_product_gflops": 500, "bfloat16_product_gflops": 900}
    line = bench_models._report("T-256", values, peak).splitlines()[-1]
    assert line.split()[:5] == ["native/float32/tuned", "10.0", "1.0", "10.0", "5.00"]


def test_an_unknown_model_is_refused(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["models", "--models", "T-257"])
    assert "T-257" in capsys.readouterr().err
