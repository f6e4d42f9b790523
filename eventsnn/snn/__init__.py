"""Surrogate gradients, neurons and their state."""
