"""Optical flow: how far every pixel moves during a window of events."""
