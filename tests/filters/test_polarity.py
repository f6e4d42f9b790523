import pytest

from eventsnn.errors import ConfigError
from eventsnn.filters import Polarity


def test_keeps_one_polarity(some, rows):
    events = some(200, 0)
    assert rows(Polarity("on")(events)[0]) == [row for row in rows(events) if row[3]]
    assert rows(Polarity("off")(events)[0]) == [row for row in rows(events) if not row[3]]
    with pytest.raises(ConfigError, match="keep is 'on' or 'off', not 'ON'"):
        Polarity("ON")
