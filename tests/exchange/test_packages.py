import subprocess
import sys


def test_no_library_is_imported_before_it_is_asked_for():
    code = "import sys, eventsnn.exchange; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(result.stdout.split())
    assert "eventsnn.exchange.tonic" in loaded
    assert not loaded & {"torch", "pandas", "polars", "tonic", "dv_processing", "numba", "h5py", "cv2"}
