"""Render layered scenes and turn brightness changes into events, as a DVS pixel would."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


@njit(nogil=True, cache=True, error_model="numpy")
def render_layers(
    textures: Array,
    masks: Array,
    texture_of: Array,
    mask_of: Array,
    to_texture: Array,
    image: Array,
    front: Array,
) -> None:
    """Draw opaque layers, the first one in front, the last one everywhere.

    Args:
        textures: (K, S, S) float32, log intensity; S is a power of two.
        masks: (M, S, S) uint8, 1 inside a shape.
        texture_of: (L,) int64, texture of each layer.
        mask_of: (L,) int64, mask of each layer; that of the last layer is ignored.
        to_texture: (L, 3, 3) float32 homographies, image px to texel; the last layer repeats mirrored.
        image: (H, W) float32, receives the log intensity.
        front: (H, W) uint8, receives the layer seen at each pixel.
    """
    size = textures.shape[1]
    layers = texture_of.size
    height, width = image.shape
    for y in range(height):
        for x in range(width):
            for layer in range(layers):
                h = to_texture[layer]
                w = np.float32(1.0) / (h[2, 0] * x + h[2, 1] * y + h[2, 2])
                u = (h[0, 0] * x + h[0, 1] * y + h[0, 2]) * w
                v = (h[1, 0] * x + h[1, 1] * y + h[1, 2]) * w
                column = int(np.floor(u))
                row = int(np.floor(v))
                du = u - np.float32(column)
                dv = v - np.float32(row)
                if layer < layers - 1:
                    if column < 0 or row < 0 or column >= size - 1 or row >= size - 1:
                        continue
                    if masks[mask_of[layer], row, column] == 0:
                        continue
                    next_column = column + 1
                    next_row = row + 1
                else:
                    next_column = (column + 1) & (2 * size - 1)
                    next_row = (row + 1) & (2 * size - 1)
                    column &= 2 * size - 1
                    row &= 2 * size - 1
                    if column >= size:
                        column = 2 * size - 1 - column
                    if row >= size:
                        row = 2 * size - 1 - row
                    if next_column >= size:
                        next_column = 2 * size - 1 - next_column
                    if next_row >= size:
                        next_row = 2 * size - 1 - next_row
                texture = textures[texture_of[layer]]
                above = texture[row, column] + du * (texture[row, next_column] - texture[row, column])
                below = texture[next_row, column] + du * (
                    texture[next_row, next_column] - texture[next_row, column]
                )
                image[y, x] = above + dv * (below - above)
                front[y, x] = layer
                break


@njit(nogil=True, cache=True, error_model="numpy")
def layer_flow(
    front: Array, to_texture: Array, to_image_start: Array, to_image_end: Array, out: Array
) -> None:
    """Displacement of the scene point seen at each pixel at mid-window, from start to end.

    Args:
        front: (H, W) uint8, the layer seen at mid-window.
        to_texture: (L, 3, 3) float32, image px to texel at mid-window.
        to_image_start: (L, 3, 3) float32, texel to image px at the start.
        to_image_end: (L, 3, 3) float32, the same at the end.
        out: (2, H, W) float32, px over the window, x first.
    """
    height, width = front.shape
    for y in range(height):
        for x in range(width):
            layer = front[y, x]
            h = to_texture[layer]
            w = 1.0 / (h[2, 0] * x + h[2, 1] * y + h[2, 2])
            u = (h[0, 0] * x + h[0, 1] * y + h[0, 2]) * w
            v = (h[1, 0] * x + h[1, 1] * y + h[1, 2]) * w
            s = to_image_start[layer]
            ws = 1.0 / (s[2, 0] * u + s[2, 1] * v + s[2, 2])
            e = to_image_end[layer]
            we = 1.0 / (e[2, 0] * u + e[2, 1] * v + e[2, 2])
            out[0, y, x] = (e[0, 0] * u + e[0, 1] * v + e[0, 2]) * we - (
                s[0, 0] * u + s[0, 1] * v + s[0, 2]
            ) * ws
            out[1, y, x] = (e[1, 0] * u + e[1, 1] * v + e[1, 2]) * we - (
                s[1, 0] * u + s[1, 1] * v + s[1, 2]
            ) * ws


@njit(nogil=True, cache=True)
def _random(state: Array) -> float:
    """A uniform number in [0, 1) from a xorshift64* generator (Vigna, 2016)."""
    s = state[0]
    s ^= s >> np.uint64(12)
    s ^= s << np.uint64(25)
    s ^= s >> np.uint64(27)
    state[0] = s
    return float((s * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@njit(nogil=True, cache=True, error_model="numpy")
def emit_events(
    log_image: Array,
    filtered: Array,
    reference: Array,
    last_event: Array,
    on_threshold: Array,
    off_threshold: Array,
    start_us: int,
    end_us: int,
    smoothing: float,
    leak: float,
    refractory_us: int,
    jitter_us: float,
    noise_events: float,
    hot_pixels: Array,
    hot_events: float,
    random_state: Array,
    t: Array,
    x: Array,
    y: Array,
    p: Array,
) -> int:
    """Advance every pixel from start to end and write the events of that stretch, unsorted.

    A pixel fires when its filtered log intensity has moved by a threshold from its reference level;
    the time is interpolated linearly inside the stretch (ESIM; Rebecq et al., CoRL 2018). Noise follows
    v2e (Hu et al., CVPRW 2021): leak events, shot noise, hot pixels, refractory time.

    Args:
        log_image: (H, W) float32, log intensity at the end.
        filtered: (H, W) float32, low-passed log intensity, updated.
        reference: (H, W) float32, level of each pixel's last event, updated.
        last_event: (H, W) int64, µs of each pixel's last event, updated.
        on_threshold: (H, W) float32, log intensity step of an ON event.
        off_threshold: (H, W) float32, that of an OFF event, positive.
        start_us: start of the stretch, µs.
        end_us: its end, µs.
        smoothing: share of the way that `filtered` goes towards `log_image` in the stretch, (0, 1].
        leak: how far references sink during the stretch, log intensity.
        refractory_us: dead time of a pixel after an event, µs.
        jitter_us: largest delay added to an event, µs; no event leaves the stretch.
        noise_events: expected number of shot-noise events of the whole sensor in the stretch.
        hot_pixels: (K, 2) int64, x and y of pixels that fire by themselves.
        hot_events: expected number of events of each hot pixel in the stretch.
        random_state: (1,) uint64, not zero, updated.
        t: (N,) int64, µs, written; N is the largest number of events wanted.
        x: (N,) uint16, px, written.
        y: (N,) uint16, px, written.
        p: (N,) bool, written.
    Returns: the number of events written; what does not fit is lost.
    """
    height, width = log_image.shape
    room = t.size
    count = 0
    span = float(end_us - start_us)
    for row in range(height):
        for column in range(width):
            before = filtered[row, column]
            after = before + np.float32(smoothing) * (log_image[row, column] - before)
            filtered[row, column] = after
            level = reference[row, column] - np.float32(leak)
            step = after - before
            for direction in range(2):
                on = direction == 0
                sign = np.float32(1.0) if on else np.float32(-1.0)
                threshold = on_threshold[row, column] if on else off_threshold[row, column]
                while sign * (after - level) >= threshold:
                    level += sign * threshold
                    share = (level - before) / step if sign * step > 0 else 1.0
                    share = min(max(share, 0.0), 1.0)
                    when = start_us + int(share * span)
                    if when - last_event[row, column] >= refractory_us and count < room:
                        last_event[row, column] = when
                        if jitter_us > 0:
                            when += int(jitter_us * _random(random_state))
                        t[count] = min(when, end_us - 1)
                        x[count] = column
                        y[count] = row
                        p[count] = on
                        count += 1
            reference[row, column] = level
    # Expected numbers below one would never fire if they were rounded: the fraction is a chance.
    extra = int(noise_events + _random(random_state))
    for _ in range(extra):
        if count < room:
            t[count] = start_us + int(span * _random(random_state))
            x[count] = int(width * _random(random_state))
            y[count] = int(height * _random(random_state))
            p[count] = _random(random_state) < 0.5
            count += 1
    for hot in range(hot_pixels.shape[0]):
        for _ in range(int(hot_events + _random(random_state))):
            if count < room:
                t[count] = start_us + int(span * _random(random_state))
                x[count] = hot_pixels[hot, 0]
                y[count] = hot_pixels[hot, 1]
                p[count] = True
                count += 1
    return count
