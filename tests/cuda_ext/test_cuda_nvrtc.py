"""Every kernel that the generators need compiles for every GPU generation, without a GPU."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from cuda_ext import cuda, cuda_case, cuda_nvrtc
from cuda_ext.cpu import FilterCall
from cuda_ext.cuda_case import AnyCase, BiasActCase, headers, source_of
from cuda_ext.cuda_taps import Taps
from networks.stylegan3_design import StyleGAN3Config, design_stylegan3

CAPABILITIES = (75, 80, 86, 89, 90, 100, 120)
BOTH_FORMATS = (75, 120)  # float32 here only: it differs by loads and stores alone
DETAILED = 90  # the generation whose register use is looked at
RADIAL = {"conv_kernel": 1, "use_radial_filters": True}
LINE = tuple(float(tap) for tap in range(1, 25))


def line(taps: int) -> Taps:
    return Taps((LINE[:taps],), separable=True)


def square(taps: int) -> Taps:
    return Taps(((1.0,) * taps,) * taps, separable=False)


def find(call: FilterCall, taps: tuple[Taps, Taps], dtype: torch.dtype, mode: int) -> AnyCase:
    return cuda.find_case(call, taps, torch.empty(1, 64, 1, 1, dtype=dtype), mode, True)


def stylegan3_cases(dtype: torch.dtype, modes: tuple[int, ...]) -> set[AnyCase]:
    """The cases of configurations T and R; other resolutions have no others."""
    found = set()
    for config in (StyleGAN3Config(256), StyleGAN3Config(256, **RADIAL)):
        for spec in design_stylegan3(config).layers:
            size = (spec.out_size, spec.out_size)
            call = FilterCall(
                spec.up, spec.down, spec.padding, 1.0, 0.2, spec.conv_clamp, True, size
            )
            down = square(spec.down_taps) if spec.down_radial else line(spec.down_taps)
            found |= {find(call, (line(spec.up_taps), down), dtype, mode) for mode in modes}
    return found


def gradient_cases() -> set[AnyCase]:
    """The same layers backwards."""
    found = set()
    for case in stylegan3_cases(torch.float32, (cuda_case.FORWARD_ONLY,)):
        assert isinstance(case, cuda_case.Case)
        p = case.problem
        taps = (square(p.down_y) if p.down_2d else line(p.down_y), line(p.up_y))
        back = FilterCall(p.down, p.up, (0,) * 4, 1.0, 0.2, None, False, (1, 1))
        found.add(find(back, taps, torch.float32, cuda_case.READ_PATTERN))
    return found


def stylegan2_cases(dtype: torch.dtype) -> set[AnyCase]:
    """The FIR filter after an up-convolution, and the up-sampling of pictures."""
    after = FilterCall(1, 1, (1, 1, 1, 1), 4.0, 1.0, None, True, (1, 1))
    upsample = FilterCall(2, 1, (2, 1, 2, 1), 4.0, 1.0, None, True, (1, 1))
    mode = cuda_case.FORWARD_ONLY
    return {
        find(after, (line(1), square(4)), dtype, mode),
        find(upsample, (square(4), line(1)), dtype, mode),
        BiasActCase(cuda.CUDA_DTYPES[dtype], inner_is_one=True),
        BiasActCase(cuda.CUDA_DTYPES[dtype], inner_is_one=False),
    }


def frame_cases(*dtypes: torch.dtype) -> list[AnyCase]:
    """What pictures need: float32, and half floats on the layers that allow them."""
    forward = (cuda_case.FORWARD_ONLY,)
    found: set[AnyCase] = set()
    for dtype in dtypes:
        found |= stylegan3_cases(dtype, forward) | stylegan2_cases(dtype)
    return sorted(found, key=repr)


def training_cases() -> list[AnyCase]:
    """What gradients need besides."""
    forward = stylegan3_cases(torch.float32, (cuda_case.WRITE_PATTERN,))
    return sorted(forward | gradient_cases(), key=repr)


@pytest.fixture(scope="session")
def nvrtc() -> cuda_nvrtc.Nvrtc:
    """The compiler; skips where it is not installed."""
    compiler, reason = cuda_nvrtc.load_nvrtc()
    if compiler is None:
        pytest.skip(reason)
    return compiler


def compile_all(nvrtc: cuda_nvrtc.Nvrtc, cases: list[AnyCase], options: list[str]) -> list[str]:
    """Compiles on two threads; the logs."""

    def one(case: AnyCase) -> str:
        image, log = nvrtc.compile(source_of(case), headers(), tuple(options))
        assert image[:4] == b"\x7fELF"
        return log

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(one, cases))


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_every_case_of_the_models_compiles(nvrtc, capability) -> None:
    options = [*nvrtc.options(capability)]
    assert options[-1] == f"--gpu-architecture=sm_{capability}"
    also = (torch.float32,) if capability in BOTH_FORMATS else ()
    cases = frame_cases(torch.float16, *also)
    if capability != DETAILED:
        compile_all(nvrtc, cases, options)
        return
    # registers that spill into memory would cost most of the speed
    logs = compile_all(nvrtc, cases, [*options, "--ptxas-options=-v"])
    assert all("0 bytes spill stores" in log for log in logs), "\n".join(logs)


def test_every_case_of_the_gradients_compiles(nvrtc) -> None:
    compile_all(nvrtc, training_cases(), list(nvrtc.options(90)))


def test_bfloat16_and_contiguous_cases_compile(nvrtc) -> None:
    cases = stylegan3_cases(torch.bfloat16, (cuda_case.FORWARD_ONLY,))
    problem = min(cases, key=repr).problem
    contiguous = cuda_case.choose_case(
        cuda_case.Problem(**(vars(problem) | {"channels_last": False})), 64
    )
    compile_all(nvrtc, [*cases, contiguous], list(nvrtc.options(80)))


def test_five_cases_serve_all_stylegan3_generators() -> None:
    assert len(stylegan3_cases(torch.float16, (cuda_case.FORWARD_ONLY,))) == 5


def test_blocks_fit_every_generation() -> None:
    for case in frame_cases(torch.float32, torch.float16) + training_cases():
        assert case.shared_bytes <= cuda_case.MAX_SHARED_BYTES
        assert case.threads % 32 == 0


def test_a_younger_gpu_gets_intermediate_code(nvrtc) -> None:
    options = nvrtc.options(990)
    assert "compute_" in options[-1]
    image, _ = nvrtc.compile(source_of(BiasActCase(0, False)), headers(), options)
    assert b".entry bias_act" in image


def test_an_older_gpu_is_named(nvrtc) -> None:
    with pytest.raises(cuda_nvrtc.CompileError, match=r"this one has 5\.2"):
        nvrtc.options(52)


def test_a_wrong_text_fails_with_the_log(nvrtc) -> None:
    with pytest.raises(cuda_nvrtc.CompileError) as caught:
        nvrtc.compile("int main( {", {}, nvrtc.options(80))
    sentence, _, log = str(caught.value).partition("\n")
    assert sentence.startswith("NVRTC")
    assert "error" in log


def test_a_missing_compiler_is_named(monkeypatch) -> None:
    if cuda_nvrtc.load_module()[0] is None:
        pytest.skip("the CUDA bindings are not built")
    monkeypatch.setattr(cuda_nvrtc, "candidates", lambda: ["/nowhere/libnvrtc.so"])
    compiler, reason = cuda_nvrtc.load_nvrtc.__wrapped__()
    assert compiler is None
    assert "NVRTC was not found" in reason
    assert "/nowhere/libnvrtc.so" in reason


def test_the_compiler_of_torchs_cuda_version_comes_first(monkeypatch, tmp_path) -> None:
    for name in ("cuda_nvrtc/lib/libnvrtc.so.12", "cu13/lib/libnvrtc.so.13"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.touch()
        (path.parent / "libnvrtc-builtins.so.13.0").touch()
    monkeypatch.setattr(cuda_nvrtc, "_nvidia_folders", lambda: [tmp_path])
    for version, first in (("12.8", "libnvrtc.so.12"), ("13.0", "libnvrtc.so.13")):
        monkeypatch.setattr(torch.version, "cuda", version)
        assert cuda_nvrtc.candidates()[0].endswith(first)
    assert not any("builtins" in path for path in cuda_nvrtc.candidates())
