"""Events as tensors: voxel grid, count image, time surface."""

from eventsnn.representations.count_image import CountImage, count_image
from eventsnn.representations.time_surface import TimeSurface, time_surface
from eventsnn.representations.voxel_grid import VoxelGrid, voxel_grid, voxel_grid_torch

__all__ = [
    "CountImage",
    "TimeSurface",
    "VoxelGrid",
    "count_image",
    "time_surface",
    "voxel_grid",
    "voxel_grid_torch",
]
