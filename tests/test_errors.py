"""The error tree."""

from eventsnn import errors


def test_every_error_is_one_of_ours() -> None:
    tree = [v for v in vars(errors).values() if isinstance(v, type) and v.__module__ == errors.__name__]
    assert len(tree) >= 9
    assert all(issubclass(error, errors.EventsnnError) for error in tree)
    assert issubclass(errors.CameraNotFound, errors.CameraError)


def test_near_matches_come_first() -> None:
    message = str(errors.unknown_name("task", "flwo", ["flow", "stereo"]))
    assert message == "there is no task 'flwo': did you mean flow? there are: flow, stereo"
    assert "did you mean" not in str(errors.unknown_name("task", "xyz", ["flow", "stereo"]))


def test_a_message_is_one_line_whatever_it_quotes() -> None:
    assert str(errors.FormatError("broken: SQL\n      metadata\n)")) == "broken: SQL metadata )"
