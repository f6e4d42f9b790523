"""What the commands of the project share."""

import argparse

import pytest

from eventsnn.command_line import guarded, sensor_size
from eventsnn.errors import CameraBusy, ConfigError
from eventsnn.events import Sensor


@pytest.mark.parametrize(
    ("raised", "code", "line"),
    [
        (ConfigError("no such\nthing"), 2, "demo: error: no such thing\n"),
        (CameraBusy("in use"), 2, "demo: error: in use\n"),
        (OSError("disk failed"), 1, "demo: error: disk failed\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_every_command_ends_alike(raised, code, line, capsys):
    def command():
        raise raised

    assert guarded(command, "demo") == code
    assert capsys.readouterr().err == line
    assert guarded(lambda: 1) == 1


def test_a_defect_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        guarded(lambda: 1 // 0)


@pytest.mark.parametrize("text", ["240x180", "240X180"])
def test_a_size(text):
    assert sensor_size(text) == Sensor(240, 180)


@pytest.mark.parametrize(
    ("text", "words"), [("240", "such as 240x180"), ("0x180", "0x180 pixels is impossible")]
)
def test_no_size(text, words):
    with pytest.raises(argparse.ArgumentTypeError, match=words):
        sensor_size(text)
