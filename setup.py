"""Package list, native extension and console script of Latent Loupe."""

from glob import glob

from pybind11.setup_helpers import Pybind11Extension, build_ext
from setuptools import setup

TEST_REQUIRES = ["pytest>=8", "pytest-timeout", "hypothesis", "mypy", "ruff", "types-tqdm"]

setup(
    name="latent-loupe",
    version="0.1.0",
    description="A desktop instrument for StyleGAN generators: live latent play and measurement",
    license="MIT",
    python_requires=">=3.10",
    packages=["visualizer", "visualizer.panels", "renderer", "networks", "cuda_ext", "assets"],
    package_data={"assets": ["*.md", "fonts/*", "icons/*", "*.json", "*.safetensors"]},
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
            "cuda_ext._native", sorted(glob("cuda_ext/csrc/*.cpp")), cxx_std=17, optional=True
        )
    ],
    cmdclass={"build_ext": build_ext},
    entry_points={"console_scripts": ["loupe=visualizer.cli:main"]},
)
