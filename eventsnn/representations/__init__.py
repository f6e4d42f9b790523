"""Events as tensors: voxel grid, count image, time surface."""
