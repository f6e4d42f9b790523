"""Batch-norm statistics: re-estimated as plain averages, then held still."""

import torch

from eventsnn.training.normalisation import estimate_statistics, freeze_statistics


def test_statistics_are_plain_averages() -> None:
    norm = torch.nn.BatchNorm2d(1)
    norm.running_mean.fill_(99)
    batches = [torch.full((4, 1, 1, 1), value) + torch.tensor([-1.0, 1, -1, 1]).reshape(4, 1, 1, 1)
               for value in (0.0, 6.0)]  # fmt: skip
    norm.eval()
    estimate_statistics(norm, batches, norm)
    assert norm.running_mean.item() == 3.0
    # Unbiased variance of (-1, 1, -1, 1) is 4/3, the same in both.
    torch.testing.assert_close(norm.running_var, torch.tensor([4 / 3]))
    assert not norm.training
    assert norm.momentum == 0.1


def test_frozen_statistics_survive_training() -> None:
    norm = torch.nn.BatchNorm2d(1)
    network = torch.nn.Sequential(norm).train()
    freeze_statistics(network)
    network(torch.randn(8, 1, 2, 2) + 5)
    assert norm.running_mean.item() == 0.0
    assert norm.weight.requires_grad
