"""Channels of pictures, and mean and deviation by counts."""

import numpy as np
import numpy.typing as npt

from nested_lightning.app.pictures.colours import count_values, is_grey, statistics_of, with_channels


def _pictures(channels: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (5, channels, 4, 4), dtype=np.uint8)


def test_statistics_are_those_of_the_values_and_counts_add_up() -> None:
    pictures = _pictures(3)

    mean, scale = statistics_of(count_values(pictures[:2]) + count_values(pictures[2:]))

    values = pictures.swapaxes(0, 1).reshape(3, -1) / 255
    np.testing.assert_allclose(mean, values.mean(axis=1))
    np.testing.assert_allclose(scale, values.std(axis=1))


def test_a_constant_channel_has_scale_1() -> None:
    assert statistics_of(count_values(np.full((2, 1, 3, 3), 51, dtype=np.uint8))) == ((0.2,), (1.0,))


def test_three_equal_channels_are_one_and_colours_become_their_luminance() -> None:
    grey, coloured = _pictures(1).repeat(3, axis=1), _pictures(3)

    assert is_grey(grey)
    assert not is_grey(coloured)
    assert np.array_equal(with_channels(grey, 1), grey[:, :1])
    assert with_channels(coloured, 3) is coloured
    luminance = with_channels(coloured, 1)
    assert luminance.dtype == np.uint8
    red, green, blue = coloured[0, :, 1, 2].tolist()
    assert luminance[0, 0, 1, 2] == round(0.299 * red + 0.587 * green + 0.114 * blue)
