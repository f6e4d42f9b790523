"""The moving average of weights."""

import torch

from eventsnn.training.averaging import MovingAverage


def test_average_by_hand() -> None:
    module = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(module.weight)
    average = MovingAverage(module, decay=0.9)
    torch.nn.init.ones_(module.weight)
    average.update(module)
    # The first update keeps 2/11 of the start.
    torch.testing.assert_close(average.values["weight"], torch.tensor([[9 / 11]]))


def test_settles_on_what_stays() -> None:
    module = torch.nn.BatchNorm1d(2)
    average = MovingAverage(module, decay=0.9)
    module.running_mean.fill_(3.0)
    module.num_batches_tracked += 5
    for _ in range(200):
        average.update(module)
    torch.testing.assert_close(average.values["running_mean"], torch.full((2,), 3.0))
    assert average.values["num_batches_tracked"] == 5


def test_swapping_in_gives_the_own_values_back() -> None:
    module = torch.nn.Linear(2, 2)
    average = MovingAverage(module, 0.9)
    own = module.weight.detach().clone() + 1
    with torch.no_grad():
        module.weight += 1
    with average.swapped_in(module):
        torch.testing.assert_close(module.weight, own - 1)
    torch.testing.assert_close(module.weight, own)


def test_state_goes_on() -> None:
    module = torch.nn.Linear(2, 2)
    first, second = MovingAverage(module, 0.9), MovingAverage(module, 0.9)
    first.update(module)
    second.load_state_dict(first.state_dict())
    assert second.updates == 1
