"""The commands of `eventsnn`, one file each; the folder is the registry.

A module here that exports `add_parser(subparsers)` is a command. Its parser stores `run`, which takes the
options and gives the exit code. Everything heavy is imported by `run`, so that `eventsnn info` starts fast.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType


def commands() -> dict[str, ModuleType]:
    """Every command's module by its name."""
    found = {
        module.name.replace("_", "-"): import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
    }
    return {name: module for name, module in found.items() if hasattr(module, "add_parser")}
