from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.exported.manifest import Loop
from nested_lightning.app.image_to_text.exported import ExportedImageToText

SPEC: dict[str, Any] = {
    "picture_size": 4,
    "fit": "pad",
    "mean": [0.0] * 3,
    "scale": [1.0] * 3,
    "tokens": ["<pad>", "<begin>", "<end>", "<unknown>", "go", "on"],
    "unit": "words",
    "is_lowercase": False,
    "max_length": 4,
}


def counting_model() -> Any:
    """Writes as many words as the first value of a picture says, then ends; the state counts down."""

    def first(pictures: Any) -> list[Any]:
        return [pictures[:, 0, 0, 0].astype(np.int64)]

    def step(last: Any, left: Any) -> list[Any]:
        assert len(last) == len(left)
        shares = np.full((len(left), 6), 0.1)
        shares[np.arange(len(left)), np.where(left > 0, 4, 2)] = 0.5
        return [np.log(shares), left - 1]

    loop = Loop(first="encoder", step="step", begin=1, end=2, pad=0, max_length=4)
    return SimpleNamespace(
        path=Path("m"),
        manifest=SimpleNamespace(loop=loop),
        data_spec=lambda kind: kind.from_dict(SPEC),
        graphs={"encoder": first, "step": step},
    )


def test_each_caption_ends_by_itself_and_none_is_longer_than_the_longest() -> None:
    pictures = np.zeros((4, 3, 4, 4), dtype=np.uint8)
    pictures[:, 0, 0, 0] = [2, 0, 9, 1]

    captions = ExportedImageToText(model=counting_model(), batch_size=3).predict(pictures)

    assert [one.text for one in captions] == ["go go", "", "go go go go", "go"]
    steps = [3, 1, 4, 2]
    assert [one.log_probability for one in captions] == pytest.approx([n * np.log(0.5) for n in steps])


@pytest.mark.parametrize("asked", [{"beam": 3}, {"top_p": 0.5}], ids=["beam", "top_p"])
def test_other_ways_of_writing_are_for_the_checkpoint(asked: Any) -> None:
    captioner = ExportedImageToText(model=counting_model())

    with pytest.raises(UserError, match="an exported model takes the most probable token"):
        captioner.generation_for(**asked)
