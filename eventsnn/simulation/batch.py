"""The simulator for many scenes at once, in torch: the same physics as the Numba loops, on any device.

One scene on a CPU is faster in Numba; hundreds of scenes on a GPU are faster here. A test holds the two
equal event by event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eventsnn.errors import ShapeError
from eventsnn.events import Events
from eventsnn.simulation.scene import Scene
from eventsnn.simulation.sensor import EventSensor


class BatchRenderer:
    """Several scenes of one sensor size and one texture bank.

    Args:
        scenes: B of them.
        device: where to compute.
    Raises: ShapeError: scenes of different sensors or banks.
    """

    def __init__(self, scenes: Sequence[Scene], device: torch.device) -> None:
        first = scenes[0]
        if any(scene.sensor != first.sensor or scene.bank is not first.bank for scene in scenes):
            raise ShapeError("a batch holds scenes of one sensor size and one texture bank")
        self.scenes = scenes
        self.device = device
        self.textures = torch.from_numpy(first.bank.textures).to(device)
        self.masks = torch.from_numpy(first.bank.masks).to(device)
        self.y, self.x = torch.meshgrid(
            torch.arange(first.sensor.height, dtype=torch.float32, device=device),
            torch.arange(first.sensor.width, dtype=torch.float32, device=device),
            indexing="ij",
        )

    def renders(self, instants_us: NDArray[np.int64]) -> Iterator[Tensor]:
        """(B, H, W) float32 log intensity at each of (K,) instants, µs."""
        layers = max(len(scene.motions) for scene in self.scenes)
        transforms = np.zeros((len(instants_us), len(self.scenes), layers, 3, 3), np.float32)
        # Scenes with fewer layers get shapes that no pixel can hit: texel (-1, -1) everywhere.
        transforms[..., 0, 2] = transforms[..., 1, 2] = -1
        transforms[..., 2, 2] = 1
        texture_of = np.zeros((len(self.scenes), layers), np.int64)
        mask_of = np.zeros((len(self.scenes), layers), np.int64)
        for index, scene in enumerate(self.scenes):
            count = len(scene.motions)
            transforms[:, index, layers - count :] = scene.to_texture(instants_us)
            texture_of[index, layers - count :] = scene.texture_of
            mask_of[index, layers - count :] = scene.mask_of
        textures = torch.from_numpy(texture_of).to(self.device)
        masks = torch.from_numpy(mask_of).to(self.device)
        for transform in torch.from_numpy(transforms).to(self.device):
            image = torch.zeros(len(self.scenes), *self.x.shape, device=self.device)
            for layer in reversed(range(layers)):
                background = layer == layers - 1
                texels, inside = self._sample(
                    transform[:, layer], textures[:, layer], masks[:, layer], background
                )
                image = torch.where(inside, texels, image)
            yield image

    def _sample(
        self, transform: Tensor, texture: Tensor, mask: Tensor, background: bool
    ) -> tuple[Tensor, Tensor]:
        size = self.textures.shape[1]
        h = transform[:, :, :, None, None]
        w = 1.0 / (h[:, 2, 0] * self.x + h[:, 2, 1] * self.y + h[:, 2, 2])
        u = (h[:, 0, 0] * self.x + h[:, 0, 1] * self.y + h[:, 0, 2]) * w
        v = (h[:, 1, 0] * self.x + h[:, 1, 1] * self.y + h[:, 1, 2]) * w
        column, row = u.floor().long(), v.floor().long()
        du, dv = u - column, v - row
        if background:
            inside = torch.ones_like(u, dtype=torch.bool)
            columns = [_mirrored(column + step, size) for step in (0, 1)]
            rows = [_mirrored(row + step, size) for step in (0, 1)]
        else:
            inside = (column >= 0) & (row >= 0) & (column < size - 1) & (row < size - 1)
            columns = [(column + step).clamp(0, size - 1) for step in (0, 1)]
            rows = [(row + step).clamp(0, size - 1) for step in (0, 1)]
            inside &= self.masks[mask[:, None, None], rows[0], columns[0]] > 0
        which = texture[:, None, None]
        corner = self.textures[which, rows[0], columns[0]]
        above = corner + du * (self.textures[which, rows[0], columns[1]] - corner)
        corner = self.textures[which, rows[1], columns[0]]
        below = corner + du * (self.textures[which, rows[1], columns[1]] - corner)
        return above + dv * (below - above), inside


def _mirrored(index: Tensor, size: int) -> Tensor:
    index = index & (2 * size - 1)
    return torch.where(index >= size, 2 * size - 1 - index, index)


class BatchSensor:
    """Several event sensors side by side, in the state that they are in.

    Args:
        sensors: B of one size that look at their scenes since the same instant.
        device: where to compute.
        seed: of the noise.
    """

    def __init__(self, sensors: Sequence[EventSensor], device: torch.device, seed: int) -> None:
        self.sensor = sensors[0].sensor
        self.device = device
        self.configs = [sensor.config for sensor in sensors]
        self._random = torch.Generator(device).manual_seed(seed)
        self._now_us = sensors[0].now_us
        states = [sensor.state() for sensor in sensors]
        names = ("filtered", "reference", "last_event", "on_threshold", "off_threshold")
        self._state = {
            name: torch.from_numpy(np.stack([state[name] for state in states])).to(device) for name in names
        }
        self._hot = [torch.from_numpy(state["hot_pixels"]).to(device) for state in states]

    def _each(self, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=self.device)[:, None, None]

    def advance(self, log_images: Tensor, t_us: int) -> list[Events]:
        """The events of every sensor between the last instant and this one, in time order.

        Args:
            log_images: (B, H, W) float32, log intensity now.
            t_us: now, µs; later than before.
        """
        configs, state = self.configs, self._state
        start_us, span = self._now_us, t_us - self._now_us
        self._now_us = t_us
        smoothing = [
            1.0 - float(np.exp(-span / config.time_constant_us)) if config.time_constant_us > 0 else 1.0
            for config in configs
        ]
        before = state["filtered"]
        after = before + self._each(smoothing) * (log_images - before)
        leak = self._each([config.leak_hz * config.on_threshold * span * 1e-6 for config in configs])
        level = state["reference"] - leak
        refractory = self._each([config.refractory_us for config in configs]).long()
        step = after - before
        parts: list[tuple[Tensor, ...]] = []
        for polarity, threshold in ((True, state["on_threshold"]), (False, state["off_threshold"])):
            sign = 1.0 if polarity else -1.0
            while True:
                crossed = sign * (after - level) >= threshold
                if not bool(crossed.any()):
                    break
                level = torch.where(crossed, level + sign * threshold, level)
                share = torch.where(sign * step > 0, (level - before) / step, 1.0).clamp(0.0, 1.0)
                when = start_us + (share.double() * span).long()
                fired = crossed & (when - state["last_event"] >= refractory)
                state["last_event"] = torch.where(fired, when, state["last_event"])
                b, y, x = fired.nonzero(as_tuple=True)
                t = when[fired]
                jitter = self._each([config.jitter_us for config in configs])[:, 0, 0][b]
                t = t + (jitter * self._uniform(t.numel())).long()
                parts.append((b, t.clamp(max=t_us - 1), x, y, torch.full_like(b, int(polarity))))
        state["filtered"], state["reference"] = after, level
        parts.extend(self._noise(start_us, span))
        return self._collect(parts)

    def _uniform(self, count: int) -> Tensor:
        return torch.rand(count, generator=self._random, device=self.device)

    def _noise(self, start_us: int, span: int) -> Iterator[tuple[Tensor, ...]]:
        width, height = self.sensor.width, self.sensor.height
        for index, config in enumerate(self.configs):
            expected = config.shot_noise_hz * width * height * span * 1e-6
            count = int(expected + float(self._uniform(1)))
            t = start_us + (self._uniform(count) * span).long()
            x, y = (self._uniform(count) * width).long(), (self._uniform(count) * height).long()
            yield torch.full_like(t, index), t, x, y, (self._uniform(count) < 0.5).long()
            for x_hot, y_hot in self._hot[index]:
                count = int(config.hot_pixel_hz * span * 1e-6 + float(self._uniform(1)))
                t = start_us + (self._uniform(count) * span).long()
                ones = torch.ones_like(t)
                yield ones * index, t, ones * x_hot, ones * y_hot, ones

    def _collect(self, parts: Sequence[tuple[Tensor, ...]]) -> list[Events]:
        b, t, x, y, p = (torch.cat(column) for column in zip(*parts, strict=True))
        order = torch.argsort(t, stable=True)
        order = order[torch.argsort(b[order], stable=True)]
        ends = torch.bincount(b, minlength=len(self.configs)).cumsum(0).tolist()

        def column(values: Tensor, dtype: type) -> NDArray[Any]:
            return values[order].cpu().numpy().astype(dtype)

        whole = Events(
            column(t, np.int64), column(x, np.uint16), column(y, np.uint16), column(p, np.bool_), self.sensor
        )
        return [whole[first:last] for first, last in zip([0, *ends[:-1]], ends, strict=True)]
