import struct
import sys

import numpy as np
import pytest
import torch

from eventsnn import Events, Sensor
from eventsnn.errors import ConfigError, ShapeError
from eventsnn.exchange import TonicEvents, TonicTransform, to_rows, to_structured, tonic_dataset
from eventsnn.filters import filtered
from eventsnn.filters.background_activity import BackgroundActivity
from eventsnn.filters.refractory import Refractory
from eventsnn.representations import CountImage, VoxelGrid

SENSOR = Sensor(34, 34)
NMNIST_DTYPE = np.dtype([("x", int), ("y", int), ("t", int), ("p", int)])


@pytest.fixture(scope="module")
def tonic():
    return pytest.importorskip("tonic", reason="tonic cannot be imported", exc_type=ImportError)


def some_events(n=400, seed=0):
    rng = np.random.default_rng(seed)
    return Events.checked(
        np.sort(rng.integers(0, 20_000, n)),
        rng.integers(0, 34, n),
        rng.integers(0, 34, n),
        rng.integers(0, 2, n),
        SENSOR,
    )


@pytest.mark.parametrize(
    "dtype", [NMNIST_DTYPE, np.dtype([("t", "i4"), ("x", "i2"), ("y", "i2"), ("p", bool)])]
)
def test_a_transform_gives_what_its_filters_and_representation_give(dtype):
    events = some_events()
    sample = to_structured(events, dtype)
    kept = next(filtered([events], BackgroundActivity(), Refractory(period_us=3000)))
    assert 0 < len(kept) < len(events)

    transform = TonicTransform(BackgroundActivity(), Refractory(period_us=3000), sensor=SENSOR)
    for _ in range(2):
        np.testing.assert_array_equal(transform(sample), to_structured(kept, dtype))
    transform = TonicTransform(
        BackgroundActivity(), Refractory(period_us=3000), VoxelGrid(5), sensor=(34, 34, 2)
    )
    np.testing.assert_array_equal(transform(sample), VoxelGrid(5)(kept))
    np.testing.assert_array_equal(sample, to_structured(events, dtype))


def test_a_signed_polarity_stays_signed():
    sample = np.array([(3, 1, 40, 1), (3, 1, 90, -1)], NMNIST_DTYPE)
    assert TonicTransform(Refractory(period_us=10), sensor=SENSOR)(sample).tolist() == sample.tolist()


def test_a_transform_without_sense_is_refused():
    with pytest.raises(ConfigError, match="not of nothing"):
        TonicTransform(sensor=SENSOR)
    for steps in [(VoxelGrid(), Refractory()), (VoxelGrid(), VoxelGrid()), (Refractory(), np.abs)]:
        with pytest.raises(ConfigError, match="filters, then a representation, not of"):
            TonicTransform(*steps, sensor=SENSOR)
    with pytest.raises(ShapeError, match="impossible"):
        TonicTransform(VoxelGrid(), sensor=(0, 5, 2))
    with pytest.raises(ShapeError, match="not in time order"):
        TonicTransform(VoxelGrid(), sensor=SENSOR)(to_structured(some_events())[::-1])


def test_transforms_stand_among_those_of_tonic(tonic):
    sample = to_structured(some_events(), NMNIST_DTYPE)
    compose = tonic.transforms.Compose(
        [
            tonic.transforms.CropTime(min=5_000, max=15_000),
            TonicTransform(Refractory(period_us=1000), sensor=SENSOR),
            tonic.transforms.MergePolarities(),
            TonicTransform(CountImage(), sensor=SENSOR),
        ]
    )
    cut = some_events().between(5_000, 15_001)
    kept = next(filtered([cut], Refractory(period_us=1000)))
    image = compose(sample.copy())
    assert image.shape == (2, 34, 34)
    assert image[0].sum() == 0
    np.testing.assert_array_equal(image[1], CountImage()(kept).sum(0))
    frames = tonic.transforms.Compose(
        [TonicTransform(Refractory(), sensor=SENSOR), tonic.transforms.ToFrame((34, 34, 2), n_event_bins=3)]
    )
    assert frames(sample).shape == (3, 2, 34, 34)


def gestures(folder, events):
    """DVSGesture as tonic keeps it: the archive, and 100 arrays of x, y, p and t in ms, as its own are."""
    place = folder / "DVSGesture"
    trial = place / "ibmGestureTest" / "user24_led"
    trial.mkdir(parents=True)
    (place / "ibmGestureTest.tar.gz").touch()
    rows = to_rows(events, "xypt")
    for label in range(100):
        np.save(trial / f"{label}.npy", rows[: 4 * label].astype(np.float64))


def test_the_samples_of_a_dataset_of_tonic_are_events(tonic, tmp_path):
    events = Events.checked(
        np.arange(400), np.arange(400) % 128, np.arange(400) % 100, np.arange(400) % 2, Sensor(128, 128)
    )
    gestures(tmp_path, events)
    source = tonic_dataset("DVSGesture", tmp_path, train=False)
    assert len(source) == 100
    assert source.sensor == Sensor(128, 128)
    labels = set()
    for sample, label in source:
        expected = to_rows(events[: 4 * label])
        expected[:, 2] *= 1000
        np.testing.assert_array_equal(to_rows(sample), expected)
        labels.add(label)
    assert labels == set(range(100))


def test_n_mnist_as_it_lies_on_disk(tonic, tmp_path):
    digit = tmp_path / "NMNIST" / "Test" / "7"
    digit.mkdir(parents=True)
    (tmp_path / "NMNIST" / "test.zip").touch()
    for index in range(10_000):
        (digit / f"{index:05}.bin").touch()
    # x, y, then the polarity above 23 bits of time
    words = [(3, 1, 1, 40), (33, 2, 0, 70_000)]
    content = b"".join(struct.pack(">BBBH", x, y, p << 7 | t >> 16, t & 0xFFFF) for x, y, p, t in words)
    (digit / "00000.bin").write_bytes(content)
    events, label = tonic_dataset("NMNIST", tmp_path, train=False)[0]
    assert to_rows(events).tolist() == [[3, 1, 40, 1], [33, 2, 70_000, 0]]
    assert (events.sensor, label) == (Sensor(34, 34), 7)


def test_a_dataset_with_a_transform_of_ours_feeds_a_network(tonic):
    class Digits(tonic.dataset.Dataset):
        sensor_size = (34, 34, 2)

        def __getitem__(self, index):
            sample = to_structured(some_events(seed=index), NMNIST_DTYPE)
            return (self.transform(sample) if self.transform else sample), index

        def __len__(self):
            return 4

    digits = Digits("nowhere", transform=TonicTransform(VoxelGrid(5), sensor=Digits.sensor_size))
    loader = torch.utils.data.DataLoader(digits, batch_size=4)
    (grids, labels) = next(iter(loader))
    assert grids.shape == (4, 5, 34, 34)
    assert labels.tolist() == [0, 1, 2, 3]
    assert [len(events) for events, _ in TonicEvents(Digits("nowhere"))] == [400] * 4
    with pytest.raises(ConfigError, match=r"sample 0 of Digits must hold one array .* there are: none"):
        TonicEvents(digits)[0]


def test_a_part_of_a_stereo_sample_is_chosen_by_name_or_place():
    left, right = (to_structured(some_events(n)) for n in (10, 20))
    nested = [(({"events_left": left, "ms_to_idx": np.zeros(3)}, {"events_right": right}), ["a target"])]
    source = TonicEvents(nested, SENSOR, part="events_right")
    assert (len(source[0][0]), source[0][1]) == (20, ["a target"])
    assert len(TonicEvents(nested, SENSOR, part="0")[0][0]) == 10
    with pytest.raises(ConfigError, match=r"there are: 0.events_left, 1.events_right \(`part` chooses\)"):
        TonicEvents(nested, SENSOR)[0]
    with pytest.raises(ConfigError, match=r"named middle; there are: 0\.events_left"):
        TonicEvents(nested, SENSOR, part="middle")[0]


def test_samples_without_target_or_order_and_sets_without_size():
    sample = to_structured(some_events())
    events, target = TonicEvents([sample], SENSOR)[0]
    assert (len(events), target) == (400, None)
    with pytest.raises(ShapeError, match="not in time order"):
        TonicEvents([sample[::-1]], SENSOR)[0]
    with pytest.raises(ConfigError, match="list does not say its sensor's size"):
        TonicEvents([sample])


def test_an_unknown_dataset_is_named_with_near_ones(tonic):
    with pytest.raises(ConfigError, match="no tonic dataset 'NMIST': did you mean NMNIST"):
        tonic_dataset("NMIST", "nowhere")


def test_a_missing_tonic_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tonic", None)
    with pytest.raises(ConfigError, match=r'tonic cannot be used .*: pip install "eventsnn\[tonic\]"'):
        tonic_dataset("NMNIST", "nowhere")
