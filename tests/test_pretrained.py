"""Weights on disk."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from eventsnn.errors import FormatError, StorageError
from eventsnn.pretrained import read_weights, save_weights


@dataclass(frozen=True)
class Config:
    inputs: int = 64
    sizes: tuple[int, ...] = (1, 2)


@pytest.fixture
def module() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64))


def test_there_and_back(module: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.safetensors"
    save_weights(path, module, "flow", Config(), {"steps": 7})
    tensors, config, notes = read_weights(path, "flow")
    assert (config, notes) == ({"inputs": 64, "sizes": [1, 2]}, {"steps": 7})
    assert tensors.keys() == module.state_dict().keys()
    for name, value in module.state_dict().items():
        assert torch.equal(tensors[name], value)
        assert tensors[name].dtype == value.dtype
    assert [each.name for each in path.parent.iterdir()] == ["a.safetensors"]


def test_weights_of_another_task_are_refused(module: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_weights(path, module, "depth", Config(), {})
    with pytest.raises(FormatError, match=r"a\.safetensors holds weights of 'depth', not of 'flow'"):
        read_weights(path, "flow")
    save_file(module.state_dict(), str(path))
    with pytest.raises(FormatError, match="of 'another program', not of 'flow'"):
        read_weights(path, "flow")


@pytest.mark.parametrize(
    "metadata",
    [
        {"notes": "{}"},
        {"config": "{", "notes": "{}"},
        {"config": "[1]", "notes": "{}"},
        {"config": "{}", "notes": "}"},
        {"config": "{}", "notes": "3"},
    ],
)
def test_damaged_metadata_is_one_line(metadata: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"a": torch.zeros(2)}, str(path), {"task": "flow", **metadata})
    with pytest.raises(FormatError, match=r"a\.safetensors .*train it anew") as caught:
        read_weights(path, "flow")
    assert "\n" not in str(caught.value)


def test_weights_without_notes_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"a": torch.zeros(2)}, str(path), {"task": "flow", "config": json.dumps({"inputs": 3})})
    assert read_weights(path, "flow")[1:] == ({"inputs": 3}, {})


def test_a_missing_and_a_cut_file(module: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    with pytest.raises(FormatError, match=r"no weights at .*eventsnn-train fit flow"):
        read_weights(path, "flow")
    save_weights(path, module, "flow", Config(), {})
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(FormatError, match="no safetensors file, or a damaged one"):
        read_weights(path, "flow")


def test_a_full_disk_keeps_the_old_weights_and_no_part_file(module: nn.Module, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="this system cannot limit the size of files")
    path = tmp_path / "a.safetensors"
    save_weights(path, module, "flow", Config(), {"steps": 1})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))  # the weights take 17 kB
    try:
        with pytest.raises(StorageError, match=r"cannot write weights to .*a\.safetensors: .*File too large"):
            save_weights(path, module, "flow", Config(), {"steps": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [each.name for each in tmp_path.iterdir()] == ["a.safetensors"]
    assert read_weights(path, "flow")[2] == {"steps": 1}


def test_an_unwritable_path_leaves_no_part_file(module: nn.Module, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "a.safetensors", tmp_path / "folder"):
        with pytest.raises(StorageError, match=f"cannot write weights to {path}: "):
            save_weights(path, module, "flow", Config(), {})
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder"]
