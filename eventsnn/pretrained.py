"""Weights on disk: safetensors with the network's configuration inside, never pickle."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from eventsnn.errors import FormatError, StorageError


def save_weights(path: Path, module: nn.Module, task: str, config: Any, notes: dict[str, Any]) -> None:
    """Write weights beside their final place, then move them there.

    Args:
        path: the file, *.safetensors.
        module: whose parameters and buffers to keep.
        task: name of the task that they are for.
        config: the dataclass that builds the module.
        notes: anything worth keeping (steps, seed, metrics), as JSON.
    Raises: StorageError: the file cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    metadata = {
        "task": task,
        "config": json.dumps(dataclasses.asdict(config)),
        "notes": json.dumps(notes),
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    unfinished = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, str(unfinished), metadata)
        unfinished.replace(path)
    except (SafetensorError, OSError) as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise StorageError(f"cannot write weights to {path}: {reason}") from error


def read_weights(path: Path, task: str) -> tuple[dict[str, Tensor], dict[str, Any], dict[str, Any]]:
    """Weights, the configuration of their network, and the notes kept with them.

    Args:
        path: a file that `save_weights` wrote.
        task: name of the task that they must be for.
    Raises: FormatError: no such file, not ours, damaged, or for another task.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FormatError(f"there are no weights at {path}: train some with `eventsnn-train fit {task}`")
    try:
        with safe_open(str(path), "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        reason = " ".join(str(error).split())
        raise FormatError(f"{path} is no safetensors file, or a damaged one ({reason})") from error
    if metadata.get("task") != task:
        raise FormatError(
            f"{path} holds weights of {metadata.get('task', 'another program')!r}, not of {task!r}"
        )
    return tensors, _mapping(path, metadata, "config"), _mapping(path, {"notes": "{}", **metadata}, "notes")


def _mapping(path: Path, metadata: dict[str, str], name: str) -> dict[str, Any]:
    try:
        content = json.loads(metadata.get(name, ""))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise FormatError(
            f"{path} holds weights without a readable {name}: copy the file again or train it anew"
        )
    return content
