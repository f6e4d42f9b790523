import cv2
import h5py
import numpy as np
import pytest

from eventsnn.errors import ConfigError, FormatError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import read_map, rectified_positions, undistortion_map

SENSOR = Sensor(64, 48)
MATRIX = (50.0, 52.0, 31.0, 25.0)
CAMERA = np.array([[50.0, 0, 31], [0, 52, 25], [0, 0, 1]])


def rays(map):
    """Where the positions of a map lie before the camera, as OpenCV's projections want them."""
    return ((map.astype(np.float64) - [31, 25]) / [50, 52]).reshape(-1, 1, 2)


def pixels():
    return np.stack(np.meshgrid(np.arange(64), np.arange(48)), -1)


@pytest.mark.parametrize(
    "distortion",
    [
        (),
        (-0.37, 0.15, 0.001, -0.0007),
        (-0.2, 0.05, 0.001, -0.0005, -0.01),
        (0.3, -0.1, 0.002, 0.001, 0.01, 0.02, 0.01, 0.003),
    ],
)
def test_distorting_again_gives_the_pixels(distortion):
    map = undistortion_map(SENSOR, MATRIX, distortion)
    assert map.shape == (48, 64, 2)
    assert map.dtype == np.float32
    points = np.concatenate([rays(map), np.ones((48 * 64, 1, 1))], -1)
    again = cv2.projectPoints(points, np.zeros(3), np.zeros(3), CAMERA, np.array(distortion))[0]
    np.testing.assert_allclose(again.reshape(48, 64, 2), pixels(), atol=2e-3)


def test_a_fisheye_lens():
    distortion = (-0.03, 0.01, 0.002, -0.0005)
    map = undistortion_map(SENSOR, MATRIX, distortion, fisheye=True)
    again = cv2.fisheye.distortPoints(rays(map), CAMERA, np.array(distortion))
    np.testing.assert_allclose(again.reshape(48, 64, 2), pixels(), atol=2e-3)


def test_the_new_matrix_scales_the_picture():
    plain = undistortion_map(SENSOR, MATRIX, (-0.1, 0.01, 0, 0))
    half = undistortion_map(SENSOR, MATRIX, (-0.1, 0.01, 0, 0), new_matrix=(25, 26, 10, 11))
    np.testing.assert_allclose(half, (plain - [31, 25]) / 2 + [10, 11], atol=1e-4)


def test_where_the_model_has_no_inverse_there_is_no_position():
    # r - r³ never exceeds 0.39: pixels farther than that from the centre come from nowhere.
    map = undistortion_map(SENSOR, MATRIX, (-1.0, 0, 0, 0))
    radius = np.hypot(*((pixels() - [31, 25]) / [50, 52]).transpose(2, 0, 1))
    assert np.isnan(map[radius > 0.4]).all()
    assert np.isfinite(map[radius < 0.3]).all()


def test_positions_between_pixels(some):
    rng = np.random.default_rng(0)
    map = rng.normal(0, 50, (12, 16, 2)).astype(np.float32)
    map[3, 4] = np.nan
    events = some(400, 0)
    x, y = rectified_positions(events, map)
    np.testing.assert_array_equal(np.stack([x, y], -1), map[events.y, events.x])
    assert (x.dtype, y.dtype) == (np.float32, np.float32)
    with pytest.raises(ShapeError, match=r"the map of a 16x12 sensor is \(12, 16, 2\), not \(12, 15, 2\)"):
        rectified_positions(events, map[:, 1:])
    outside = Events(events.t, events.x + np.uint16(1), events.y, events.p, events.sensor)
    with pytest.raises(ShapeError, match="is off the 16x12 sensor"):
        rectified_positions(outside, map)


def test_maps_in_files(tmp_path):
    map = np.random.default_rng(1).normal(0, 9, (5, 7, 2)).astype(np.float32)
    with h5py.File(tmp_path / "rectify_map.h5", "w") as file:
        file.create_dataset("rectify_map", data=map, compression="gzip")
    np.save(tmp_path / "map.npy", map.astype(np.float64))
    np.savetxt(tmp_path / "indoor_left_x_map.txt", map[..., 0])
    np.savetxt(tmp_path / "indoor_left_y_map.txt", map[..., 1])
    for name in ("rectify_map.h5", "map.npy", "indoor_left_x_map.txt"):
        read = read_map(tmp_path / name)
        assert read.dtype == np.float32
        np.testing.assert_array_equal(read, map)


def test_files_that_are_no_maps(tmp_path):
    with pytest.raises(ConfigError, match="there is no map"):
        read_map(tmp_path / "none.h5")
    other = tmp_path / "map.txt"
    other.write_text("1 2\n")
    with pytest.raises(ConfigError, match=r"map\.txt is no map: give DSEC's"):
        read_map(other)
    (tmp_path / "damaged.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(20))
    (tmp_path / "damaged.npy").write_bytes(b"\x93NUMPY")
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "lonely_x_map.txt").write_text("1 2\n")
    with h5py.File(tmp_path / "events.h5", "w") as file:
        file.create_group("events")
    with h5py.File(tmp_path / "group.h5", "w") as file:
        file.create_group("rectify_map")
    np.savez(tmp_path / "zip.npz", identity=np.zeros(3))
    (tmp_path / "zip.npz").rename(tmp_path / "zip.npy")
    names = ("damaged.h5", "damaged.npy", "empty.npy", "zip.npy", "lonely_x_map.txt", "events.h5", "group.h5")
    for name in names:
        with pytest.raises(FormatError, match=f"{name} cannot be read as a map") as caught:
            read_map(tmp_path / name)
        assert "\n" not in str(caught.value)
    np.save(tmp_path / "flat.npy", np.zeros((3, 4)))
    with pytest.raises(FormatError, match=r"flat\.npy holds \(3, 4\) float64, not a map"):
        read_map(tmp_path / "flat.npy")
