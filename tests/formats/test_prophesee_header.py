import pytest

from eventsnn.errors import FormatError
from eventsnn.events import Sensor
from eventsnn.formats.prophesee_header import header_lines, parse_header


@pytest.mark.parametrize(
    ("head", "values", "size"),
    [
        (b"", {}, 0),
        (b"\x25\x00abc\n", {}, 0),
        (b"% evt 3.0\n\x00\x01", {"evt": "3.0"}, 10),
        (b"% evt 3.0\r\n% end\r\n% x 1\n", {"evt": "3.0"}, 18),
        # data that begin with the very bytes of "% " or "%"
        (b"% evt 3.0\n% \x01\x02\n", {"evt": "3.0"}, 10),
        (b"% evt 3.0\n%\xd8\n", {"evt": "3.0"}, 10),
        (b"% evt 3.0\n% a line without an end", {"evt": "3.0"}, 10),
        (b"% end of the world\n% end\n", {"end": "of the world"}, 25),
    ],
)
def test_where_data_begin(head, values, size):
    header = parse_header(head)
    assert (header.values, header.size) == (values, size)


@pytest.mark.parametrize(
    ("lines", "sensor"),
    [
        ({"geometry": "640x480"}, Sensor(640, 480)),
        ({"format": "EVT3;height=720;width=1280"}, Sensor(1280, 720)),
        ({"Width": "304", "Height": "240"}, Sensor(304, 240)),
        ({"geometry": "big"}, None),
        ({"evt": "2.0"}, None),
    ],
)
def test_the_size_that_the_header_gives(lines, sensor):
    assert parse_header(header_lines(lines)).sensor == sensor


@pytest.mark.parametrize("size", ["0x480", "99999999999999999999x3"])
def test_an_impossible_size_is_an_error(size):
    with pytest.raises(FormatError, match="impossible"):
        _ = parse_header(header_lines({"geometry": size})).sensor


@pytest.mark.parametrize(
    ("lines", "sensor"),
    [
        ({"plugin_name": "hal_plugin_gen31_fx3"}, Sensor(640, 480)),
        ({"plugin_name": "hal_plugin_gen41_evk3"}, Sensor(1280, 720)),
        ({"plugin_name": "hal_plugin_prophesee", "sensor_name": "GenX320"}, Sensor(320, 320)),
        ({"plugin_name": "hal_plugin_prophesee", "generation": "4.2"}, Sensor(1280, 720)),
        ({"plugin_name": "hal_plugin_prophesee"}, None),
    ],
)
def test_the_size_of_the_sensor_that_the_header_names(lines, sensor):
    named = parse_header(header_lines(lines)).named_sensor
    assert (named and named[0]) == sensor


def test_camera_and_time_offset():
    header = parse_header(b"% plugin_name hal_plugin_gen3_fx3\n% serial_number 00000157\n")
    assert (header.camera, header.time_offset_us) == ("gen3_fx3_00000157", 0)
    ours = parse_header(header_lines({"eventsnn_camera": "a\nb", "eventsnn_time_offset_us": "-16777216"}))
    assert (ours.camera, ours.time_offset_us) == ("a b", -(1 << 24))
    for text in ("x", "9" * 19, "1" * 30):
        with pytest.raises(FormatError, match="time"):
            _ = parse_header(header_lines({"eventsnn_time_offset_us": text})).time_offset_us
