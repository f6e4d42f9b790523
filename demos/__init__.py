"""Live demonstrations: a task on a camera, a file or a network stream."""
