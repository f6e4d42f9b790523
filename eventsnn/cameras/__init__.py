"""One folder per driver behind the Camera protocol, and the simulated camera."""
