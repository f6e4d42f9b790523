import doctest
import pkgutil
from importlib import import_module

import pytest

from eventsnn import exchange

NEEDED = {"pandas", "polars"}


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(exchange.__path__)])
def test_the_examples_of_the_docstrings_are_right(name):
    if name in NEEDED:
        pytest.importorskip(name, reason=f"{name} is not installed")
    result = doctest.testmod(import_module(f"eventsnn.exchange.{name}"))
    assert result.failed == 0
    assert result.attempted > 0 or name in ("columns", "packages")
