"""The promises of the layout: see CONTRIBUTING.md."""

import ast
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("tasks", "datasets", "demos")


def test_the_three_links_exist() -> None:
    for name in FOLDERS:
        link = ROOT / "eventsnn" / name
        assert link.is_symlink(), f"{link} must link to ../{name}"
        assert link.readlink() == Path("..") / name


def test_nothing_imports_the_root_folders_by_their_bare_names() -> None:
    found = []
    for folder in ("eventsnn", *FOLDERS, "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0:
                    names = [node.module or ""]
                found += [f"{path}: {name}" for name in names if name.split(".")[0] in FOLDERS]
    assert found == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_wheel_has_one_top_level_and_everything_in_it(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"eventsnn"}
    for inside in (
        "eventsnn/py.typed",
        "eventsnn/tasks/flow/network.py",
        "eventsnn/tasks/flow/recipes/shipped.yaml",
        "eventsnn/tasks/flow/weights/flow.safetensors",
        "eventsnn/datasets/__init__.py",
        "eventsnn/demos/cli.py",
    ):
        assert inside in names
    assert len(names) == len(set(names))


def test_the_source_archive_holds_the_tests(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    assert any(name.endswith("tests/test_packaging.py") for name in names)


def test_import_is_light() -> None:
    heavy = ("torch", "numba", "cv2", "h5py", "av", "scipy", "lightning")
    code = f"import sys, eventsnn; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"
