"""A window over a file gives the bytes of the file, however it is moved."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.formats.file_window import FileWindow

CONTENT = np.random.default_rng(0).bytes(3_000_000)


@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, 3_000_100), st.integers(1_040_000, 1_050_000)),
            st.one_of(st.integers(0, 100), st.integers(0, 2_500_000)),
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=30, deadline=None)
def test_any_walk_gives_the_files_bytes(tmp_path_factory, walk):
    path = tmp_path_factory.getbasetemp() / "window.bin"
    if not path.exists():
        path.write_bytes(CONTENT)
    with path.open("rb") as file:
        window = FileWindow(file)
        for at, size in walk:
            file.seek(7)
            assert window.view(at, size) == CONTENT[at : at + size]


def test_steps_forward_keep_what_is_there_already(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)
    with path.open("rb") as file:
        window = FileWindow(file)
        for at in range(0, 3_000_000, 300_000):
            assert window.view(at, 300_000) == CONTENT[at : at + 300_000]
