"""The arrows between the folders, sizes of files and functions, and the torch-free window."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("visualizer", "renderer", "networks", "cuda_ext")
MODULES = sorted(path for folder in OURS for path in (ROOT / folder).rglob("*.py"))
TORCH_FREE_RENDERER = {
    "renderer.messages",
    "renderer.client",
    "renderer.environment",
    "renderer.state",
    "renderer.picture",
}
WINDOWING = {"imgui_bundle", "imgui", "glfw", "OpenGL"}
ALLOWED = {
    "visualizer": {"visualizer", "renderer"},
    "renderer": {"renderer", "networks", "cuda_ext"},
    "networks": {"networks", "cuda_ext"},
    "cuda_ext": {"cuda_ext"},
}


def imported_names(path: Path) -> set[str]:
    """Every module that a file imports, at any depth, as dotted names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def violations(folder: str, names: set[str]) -> list[str]:
    """The imports that break the arrows for a module of `folder`."""
    return [name for name in names if _is_wrong(folder, name)]


def _is_wrong(folder: str, name: str) -> bool:
    top = name.split(".", maxsplit=1)[0]
    if top in OURS and top not in ALLOWED[folder]:
        return True
    if folder != "visualizer":
        return top in WINDOWING
    module = ".".join(name.split(".")[:2])
    return top == "torch" or (top == "renderer" and module not in TORCH_FREE_RENDERER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_arrows(path: Path) -> None:
    assert not violations(path.relative_to(ROOT).parts[0], imported_names(path))


def test_a_wrong_arrow_is_found() -> None:
    assert violations("visualizer", {"renderer.worker.main"}) == ["renderer.worker.main"]
    assert violations("visualizer", {"torch.nn"}) == ["torch.nn"]
    assert violations("renderer", {"OpenGL.GL"}) == ["OpenGL.GL"]
    assert violations("networks", {"renderer.state"}) == ["renderer.state"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 60, f"{path}: {node.name} is too long"


def test_every_package_is_installed() -> None:
    """An editable install hides a package that `setup.py` forgot."""
    folders = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in MODULES}
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert folders <= set(re.findall(r'"([a-z_.]+)"', text))


def test_the_window_process_never_imports_torch() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in MODULES
        if path.relative_to(ROOT).parts[0] == "visualizer" and path.stem != "__main__"
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name.removesuffix('.__init__'))\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=120)
