"""Variation of training pictures."""

import pytest
import torch

from nested_lightning.app.image_to_text.augmentation import PictureAugmentation


def _pictures(num: int = 16) -> torch.Tensor:
    return torch.randint(256, (num, 3, 8, 8), generator=torch.Generator().manual_seed(0)).float()


def test_nothing_changes_without_settings() -> None:
    assert torch.equal(PictureAugmentation()(_pictures()), _pictures())


def test_each_picture_is_shifted_on_its_own_by_at_most_two_pixels() -> None:
    torch.manual_seed(0)
    pictures = _pictures(200)
    shifted = PictureAugmentation(max_shift=2)(pictures)

    seen = set()
    for before, after in zip(pictures, shifted, strict=True):
        moves = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-2, 3)
            if torch.equal(before[:, 2 + dy : 6 + dy, 2 + dx : 6 + dx], after[:, 2:6, 2:6])
        ]
        assert len(moves) == 1
        seen.add(moves[0])
    assert len(seen) == 25


def test_pictures_are_mirrored_as_often_as_asked() -> None:
    torch.manual_seed(0)
    pictures = _pictures(400)
    flipped = PictureAugmentation(flip_probability=0.25)(pictures)
    is_flipped = (flipped == pictures.flip(3)).flatten(start_dim=1).all(dim=1)

    assert (is_flipped | (flipped == pictures).flatten(start_dim=1).all(dim=1)).all()
    assert 60 < int(is_flipped.sum()) < 140


def test_brightness_stays_in_range() -> None:
    torch.manual_seed(0)
    varied = PictureAugmentation(max_brightness=0.5)(_pictures())

    assert varied.min() >= 0
    assert varied.max() <= 255
    assert not torch.equal(varied, _pictures())


def test_turning_keeps_the_middle() -> None:
    torch.manual_seed(0)
    pictures = torch.zeros(4, 3, 9, 9)
    pictures[:, :, 4, 4] = 255

    turned = PictureAugmentation(max_rotation=180)(pictures)

    torch.testing.assert_close(turned[:, :, 4, 4], pictures[:, :, 4, 4])


@pytest.mark.parametrize("max_shift", [1, 3])
def test_shape_is_kept(max_shift: int) -> None:
    assert PictureAugmentation(max_shift=max_shift)(_pictures()).shape == (16, 3, 8, 8)
