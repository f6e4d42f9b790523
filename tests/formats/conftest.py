import json
from pathlib import Path
from typing import Any

import pytest

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the shared recordings are not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def recording_index(shared_data: Path) -> dict[str, dict[str, Any]]:
    """File -> what its index says: counts and the sha256 of the decoded fields."""
    entries = json.loads((shared_data / "index.json").read_text())["entries"]
    return {entry["file"]: entry for entry in entries}
