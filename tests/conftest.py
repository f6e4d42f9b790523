"""Settings of every test."""

import os

# Several test processes on two cores: OpenMP's waiting threads would cost more than they compute.
os.environ.setdefault("OMP_NUM_THREADS", "1")
