"""Dataclasses from mappings."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from eventsnn.configuration import build, from_text, read_yaml
from eventsnn.errors import ConfigError


@dataclass(frozen=True)
class Inner:
    sizes: tuple[int, ...] = (1, 2)
    kind: Literal["a", "b"] = "a"
    pair: tuple[int, float] = (1, 2.0)


@dataclass(frozen=True)
class Outer:
    rate: float = 0.5
    count: int = 3
    name: str | None = None
    inner: Inner = field(default_factory=Inner)


def test_defaults_and_changes() -> None:
    built = build(Outer, {"rate": 2, "inner": {"sizes": [4, 5]}}, "here")
    assert built == Outer(rate=2.0, inner=Inner(sizes=(4, 5)))
    assert isinstance(built.rate, float)
    pair = build(Inner, {"pair": [3, 4]}, "here").pair
    assert pair == (3, 4.0)
    assert isinstance(pair[1], float)


def test_there_and_back() -> None:
    config = Outer(name="x", inner=Inner(kind="b"))
    assert build(Outer, asdict(config), "here") == config


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"ratee": 1}, "here.*did you mean rate"),
        ({"inner": {"knd": "a"}}, "here, inner.*did you mean kind"),
        ({"count": "many"}, "count: expected int, found 'many'"),
        ({"count": True}, "count: expected int"),
        ({"inner": {"kind": "c"}}, "choice 'c'"),
        ({"inner": {"sizes": 3}}, "expected a list"),
        ({"inner": {"sizes": [1, "b"]}}, "inner, sizes, item 2: expected int, found 'b'"),
        ({"inner": {"sizes": [1.5]}}, r"item 1: expected int, found 1\.5"),
        ({"inner": {"sizes": [True]}}, "item 1: expected int, found True"),
        ({"inner": {"pair": [1]}}, r"pair: expected a list of 2, found \[1\]"),
        ({"inner": {"pair": [1, "x"]}}, "pair, item 2: expected float, found 'x'"),
        ({"inner": 3}, "expected names with values"),
    ],
)
def test_bad_values_say_where(mapping: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        build(Outer, mapping, "here")


def test_yaml(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("# nothing differs\n")
    assert read_yaml(Outer, path) == Outer()
    path.write_text("rate: [")
    with pytest.raises(ConfigError, match="is not YAML"):
        read_yaml(Outer, path)
    with pytest.raises(ConfigError, match="No such file"):
        read_yaml(Outer, tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "content", ["rate: 0.5 # µ".encode("latin-1"), b"name: 2026-13-45\n", b"\x00", b"rate: {[1]: 2}"]
)
def test_a_damaged_recipe_is_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"x\.yaml is not YAML: ") as caught:
        read_yaml(Outer, path)
    assert "\n" not in str(caught.value)


@dataclass(frozen=True)
class Options:
    places: tuple[tuple[int, int], ...]
    path: Path | None = None
    on: bool = False
    level: Literal[90, 180] = 90
    rate: float = 0.5


def test_from_a_command_line() -> None:
    registry = {"options": Options, "inner": Inner}
    assert from_text("inner", registry, "thing") == Inner()
    assert from_text("inner:sizes=4/5/6, kind=b,pair=1/2", registry, "thing") == Inner(
        (4, 5, 6), "b", (1, 2.0)
    )
    got = from_text("options:places=1x2/3x4,path=a/b x.npy,on=yes,level=180,rate=1e-3", registry, "thing")
    assert got == Options(((1, 2), (3, 4)), Path("a/b x.npy"), True, 180, 0.001)
    assert from_text("options:places=,path=none,on=False", registry, "thing") == Options(())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("opton", "there is no thing 'opton': did you mean options"),
        ("options", "thing options: places must be given"),
        ("options:places=1x2,", "thing options: expected setting=value, found ''"),
        ("options:places", "expected setting=value, found 'places'"),
        ("options:place=1x2", "there is no setting 'place': did you mean places"),
        ("options:places=1x2x3", "places: expected 2 items, found '1x2x3'"),
        ("options:places=1xb", "places: expected int, found 'b'"),
        ("options:places=,on=maybe", "on: expected bool, found 'maybe'"),
        ("options:places=,level=91", "level: there is no choice '91'"),
        ("options:places=,rate=fast", "rate: expected float, found 'fast'"),
    ],
)
def test_a_command_line_that_does_not_fit(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        from_text(text, {"options": Options}, "thing")
