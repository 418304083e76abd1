import numpy as np

from nested_lightning.app.vae_gan.grids import pair_rows, picture_grid


def test_a_grid_has_each_picture_in_its_place_with_lines_between() -> None:
    pictures = np.stack([np.full((1, 40, 40), i / 4, dtype=np.float32) for i in range(5)])

    (grid,) = picture_grid(pictures, num_columns=2)

    assert grid.shape == (3 * 41 + 1, 2 * 41 + 1)
    assert [grid[10 + 41 * row, 10 + 41 * column] for row in (0, 1) for column in (0, 1)] == [0, 64, 128, 191]
    assert grid[10 + 82, 10] == 255
    assert (grid[0] == 128).all()
    assert (grid[:, 41] == 128).all()


def test_small_pictures_are_enlarged_in_whole_steps_and_coloured_ones_stay_coloured() -> None:
    picture = np.zeros((1, 3, 5, 5), dtype=np.float32)
    picture[0, 2, 0, 0] = 1.0

    grid = picture_grid(picture, num_columns=8).transpose(1, 2, 0)

    assert grid.shape == (37, 37, 3)
    assert (grid[1:8, 1:8] == (0, 0, 255)).all()
    assert (grid[8:36, 8:36] == 0).all()


def test_rows_of_pairs_have_the_originals_above_and_end_in_white() -> None:
    originals = np.arange(3.0).reshape(3, 1, 1, 1)
    rebuilt = originals + 10

    assert pair_rows(originals, rebuilt, num_columns=2).flatten().tolist() == [0, 1, 10, 11, 2, 1, 12, 1]
