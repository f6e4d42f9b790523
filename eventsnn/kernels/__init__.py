"""Numba loops over plain arrays: the only place with compiled code."""
