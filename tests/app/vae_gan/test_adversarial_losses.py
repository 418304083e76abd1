import math

import pytest
import torch
import torch.nn.functional as F

from nested_lightning.app.vae_gan.objective import deceit_loss, discrimination_loss, gradient_penalty


def test_losses_are_cross_entropies() -> None:
    real, generated = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])
    ones, zeros = torch.ones(2), torch.zeros(2)
    entropy = F.binary_cross_entropy_with_logits

    torch.testing.assert_close(
        discrimination_loss(real, generated), entropy(real, ones) + entropy(generated, zeros)
    )
    torch.testing.assert_close(
        discrimination_loss(real, generated, label_smoothing=0.2),
        entropy(real, 0.8 * ones) + entropy(generated, zeros),
    )
    torch.testing.assert_close(deceit_loss(generated), entropy(generated, ones))
    assert deceit_loss(torch.zeros(3)).item() == pytest.approx(math.log(2))


def test_gradient_penalty_is_half_the_squared_norm_and_has_a_gradient_of_its_own() -> None:
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    pictures = torch.rand(5, 1, 1, 2, requires_grad=True)

    penalty = gradient_penalty(pictures.flatten(1) @ weight, pictures)
    penalty.backward()

    assert penalty.item() == pytest.approx(12.5)
    torch.testing.assert_close(weight.grad, torch.tensor([3.0, 4.0]))
