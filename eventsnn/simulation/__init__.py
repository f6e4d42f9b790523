"""Scenes with ground truth, and the events that a sensor would make of them."""
