"""Package list, native extension and console script of Latent Loupe."""

import logging
import platform
from glob import glob
from typing import Any

from pybind11.setup_helpers import Pybind11Extension, build_ext
from setuptools import setup
from setuptools.errors import CompileError

TEST_REQUIRES = [
    *["pytest>=8", "pytest-timeout", "hypothesis", "mypy", "ruff", "types-tqdm", "pybind11"],
    # compiles the CUDA kernels without a GPU; a torch for CUDA brings the version that it pins
    "nvidia-cuda-nvrtc>=12.9; sys_platform == 'linux' and platform_machine in 'x86_64 aarch64'",
]

# One file per instruction set, each with its own flags; the running processor decides which is
# used. What a compiler cannot build is left out.
X86_FLAGS = {
    "unix": {
        "avx2": ["-mavx2", "-mfma"],
        "avx512": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"],
        "avx512bf16": [
            *["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"],
            "-mavx512bf16",
        ],
    },
    "msvc": {"avx2": ["/arch:AVX2"], "avx512": ["/arch:AVX512"]},
}
OPTIMISE = {
    "unix": [
        *["-O3", "-g0", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"],
        "-Wno-maybe-uninitialized",  # false alarms in the headers of GCC 12
    ],
    "msvc": ["/O2", "/fp:contract"],
}


class BuildNative(build_ext):  # type: ignore[misc]
    """Compiles the kernels of each instruction set, then the module that chooses among them."""

    def build_extension(self, ext: Any) -> None:
        if ext.name != "cuda_ext._native":
            super().build_extension(ext)
            return
        kind = "msvc" if self.compiler.compiler_type == "msvc" else "unix"
        x86 = platform.machine().lower() in ("x86_64", "amd64")
        variants = {"baseline": [], **(X86_FLAGS[kind] if x86 else {})}
        for name, flags in variants.items():
            try:
                ext.extra_objects += self._compile_variant(ext, name, OPTIMISE[kind] + flags)
            except CompileError:
                if name == "baseline":
                    raise
                logging.warning("this compiler cannot build the %s kernels: left out", name)
                continue
            ext.define_macros.append((f"LOUPE_HAS_{name.upper()}", "1"))
        super().build_extension(ext)

    def _compile_variant(self, ext: Any, name: str, flags: list[str]) -> list[str]:
        objects: list[str] = self.compiler.compile(
            [f"cuda_ext/csrc/isa/{name}.cpp"],
            output_dir=self.build_temp,
            include_dirs=ext.include_dirs,
            extra_postargs=[*ext.extra_compile_args, *flags],
            depends=ext.depends,
        )
        return objects


setup(
    name="latent-loupe",
    version="0.1.0",
    description="A desktop instrument for StyleGAN generators: live latent play and measurement",
    license="MIT",
    python_requires=">=3.10",
    packages=[
        "visualizer",
        "visualizer.panels",
        "renderer",
        "renderer.messages",
        "networks",
        "networks.portraits",
        "networks.fit",
        "cuda_ext",
        "assets",
    ],
    package_data={
        "assets": ["*.md", "fonts/*", "icons/*", "generators/*"],
        "cuda_ext": ["csrc/cuda/*.h", "csrc/cuda/*.cu"],
    },
    install_requires=[
        "torch>=2.4,<3",
        "numpy>=1.26",
        "scipy>=1.11",
        "imgui-bundle>=1.92",
        "glfw>=2.7",
        "PyOpenGL>=3.1.7",
        "pillow>=10",
        "safetensors>=0.4",
        "click>=8.1",
        "tqdm>=4.66",
        "platformdirs>=4",
        "psutil>=5.9",
    ],
    extras_require={"test": TEST_REQUIRES},
    ext_modules=[
        # optional: without a compiler the program still installs and says what it lacks
        Pybind11Extension(
            "cuda_ext._native",
            sorted(glob("cuda_ext/csrc/*.cpp")),
            depends=glob("cuda_ext/csrc/**/*.[hc]*", recursive=True),
            cxx_std=17,
            optional=True,
        ),
        # needs nothing of CUDA to build: the driver and the compiler are opened at run time
        Pybind11Extension(
            "cuda_ext._cuda",
            ["cuda_ext/csrc/cuda/host/module.cpp"],
            depends=glob("cuda_ext/csrc/cuda/host/*.h"),
            cxx_std=17,
            optional=True,
        ),
    ],
    cmdclass={"build_ext": BuildNative},
    entry_points={"console_scripts": ["loupe=visualizer.cli:main"]},
)
