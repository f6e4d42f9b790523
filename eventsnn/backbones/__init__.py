"""Spiking feature extractors, from fine to coarse."""
