"""The flow loss, by hand."""

import pytest
import torch

from eventsnn.events import Events, Sensor
from eventsnn.tasks.flow.loss import event_mask, flow_loss
from eventsnn.windows import Window


def test_mask_marks_the_pixels_with_events() -> None:
    window = Window(Events.checked([1, 2], [0, 2], [1, 0], [1, 0], Sensor(3, 2)), 0, 10)
    assert event_mask([window]).int().tolist() == [[[0, 0, 1], [1, 0, 0]]]


def test_weighted_mean_by_hand() -> None:
    truth = torch.zeros(1, 2, 1, 2)
    flow = torch.tensor([[[[3.0, 0.0]], [[4.0, 0.0]]]])
    mask = torch.tensor([[[True, False]]])
    # The event pixel is off by 5 (robust: sqrt(25.01)), the other by 0 (robust: .1), weighted 1 and .2.
    expected = (25.01**0.5 + 0.2 * 0.1) / 1.2
    assert flow_loss(flow, truth, mask).item() == pytest.approx(expected, rel=1e-6)


def test_perfect_flow_has_no_gradient_left() -> None:
    flow = torch.zeros(1, 2, 2, 2, requires_grad=True)
    flow_loss(flow, torch.zeros(1, 2, 2, 2), torch.ones(1, 2, 2, dtype=torch.bool)).backward()
    assert not flow.grad.any()
