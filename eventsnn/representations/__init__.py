"""Events as planes: one file per representation, each a function and a dataclass that holds its arguments.

The folder is the registry: a module that exports `REPRESENTATION` is one. The imports here only spare
callers the name of the module; importing a representation must not import Numba.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from eventsnn.representations.averaged_time_surface import (
    AveragedTimeSurface,
    averaged_time_surface,
    averaged_time_surface_torch,
)
from eventsnn.representations.count_image import CountImage, count_image, count_image_torch
from eventsnn.representations.event_frame import EventFrame, event_frame, event_frame_torch
from eventsnn.representations.event_spike_tensor import EventSpikeTensor, event_spike_tensor
from eventsnn.representations.mixed_density import MixedDensity, mixed_density, mixed_density_torch
from eventsnn.representations.representation import Polarity, Representation, stack
from eventsnn.representations.speed_invariant_time_surface import (
    SpeedInvariantTimeSurface,
    speed_invariant_time_surface,
    speed_invariant_time_surface_torch,
)
from eventsnn.representations.spike_cube import SpikeCube, spike_cube, spike_cube_torch
from eventsnn.representations.stacked_histogram import (
    StackedHistogram,
    stacked_histogram,
    stacked_histogram_torch,
)
from eventsnn.representations.time_surface import TimeSurface, time_surface, time_surface_torch
from eventsnn.representations.tore import Tore, tore, tore_memory, tore_torch
from eventsnn.representations.voxel_grid import VoxelGrid, voxel_grid, voxel_grid_torch
from eventsnn.representations.warped_image import WarpedImage, warped_image, warped_image_torch

__all__ = [
    "AveragedTimeSurface",
    "CountImage",
    "EventFrame",
    "EventSpikeTensor",
    "MixedDensity",
    "Polarity",
    "Representation",
    "SpeedInvariantTimeSurface",
    "SpikeCube",
    "StackedHistogram",
    "TimeSurface",
    "Tore",
    "VoxelGrid",
    "WarpedImage",
    "averaged_time_surface",
    "averaged_time_surface_torch",
    "count_image",
    "count_image_torch",
    "event_frame",
    "event_frame_torch",
    "event_spike_tensor",
    "mixed_density",
    "mixed_density_torch",
    "representations",
    "speed_invariant_time_surface",
    "speed_invariant_time_surface_torch",
    "spike_cube",
    "spike_cube_torch",
    "stack",
    "stacked_histogram",
    "stacked_histogram_torch",
    "time_surface",
    "time_surface_torch",
    "tore",
    "tore_memory",
    "tore_torch",
    "voxel_grid",
    "voxel_grid_torch",
    "warped_image",
    "warped_image_torch",
]


def representations() -> dict[str, type[Representation]]:
    """Every representation, by the name of its module with hyphens ("voxel-grid")."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        contents = import_module(f"{__name__}.{module.name}")
        if hasattr(contents, "REPRESENTATION"):
            found[module.name.replace("_", "-")] = contents.REPRESENTATION
    return found
