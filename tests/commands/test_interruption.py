import signal
import subprocess
import sys

import pytest

from eventsnn.commands.convert import Convert
from eventsnn.commands.interruption import interruptible, watched
from eventsnn.commands.selection import Selection
from eventsnn.formats import Reading


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_takes_the_output_back_and_the_handlers_too(number, recording, tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    out = tmp_path / "b.h5"
    with pytest.raises(KeyboardInterrupt), interruptible():
        Convert(Reading(), Selection())(recording, out, lambda share, count: signal.raise_signal(number))
    assert [path.name for path in tmp_path.iterdir()] == [recording.name]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_signal_whose_exception_python_lost_still_ends_the_work():
    calls = []
    with interruptible():
        meter = watched(lambda share, events: calls.append(share))
        meter(0.1, 0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            meter(0.2, 0)
    with interruptible():
        watched(lambda share, events: calls.append(share))(0.3, 0)
    assert calls == [0.1, 0.3]


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("signal.raise_signal(signal.SIGTERM)", ""),
        # the second SIGTERM must not cut the cleaning short
        (
            "with at_work():\n"
            "    try: signal.raise_signal(signal.SIGTERM)\n"
            "    finally: signal.raise_signal(signal.SIGTERM); print('cleaned', flush=True)",
            "cleaned\n",
        ),
        ("signal.raise_signal(signal.SIGINT)", "goes on\n"),
    ],
)
def test_a_worker_ends_by_sigterm_alone_and_cleans_up_once(work, said):
    code = (
        "import signal; from eventsnn.commands.interruption import at_work, obey_the_parent\n"
        f"obey_the_parent()\n{work}\nprint('goes on', flush=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == (said, "")
    assert done.returncode == (0 if said == "goes on\n" else 130)
