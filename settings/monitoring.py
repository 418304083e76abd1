"""Whether lower or higher values of a metric are better, judged by its name."""

import re
from typing import Literal

Mode = Literal["min", "max"]

_NEITHER = re.compile("discriminator|neighbour|num_|two_sample|weight")
"""Values that are best somewhere in the middle, or never."""

_MORE = "acc accuracy auc auroc bleu chrf dice diversity f iou map match precision psnr recall ssim"
_LESS = "bce ce cer distance error fid kl loss mae mse nll perplexity reconstruction rmse wer"
_BETTER: dict[str, Mode] = {**dict.fromkeys(_MORE.split(), "max"), **dict.fromkeys(_LESS.split(), "min")}
"""By a word of the name, without numbers at its end."""


def mode_of(monitor: str) -> Mode | None:
    """Return whether lower or higher values are better, by the end of the name; None: unknown."""
    name, *_ = re.split(r"\.|/dataloader_idx_", monitor.lower())  # the rest says which loader's it is
    if _NEITHER.search(name):
        return None
    words = [word.rstrip("0123456789") for word in re.split(r"[_/\s-]+", name)[:-3:-1]]
    return next((_BETTER[word] for word in words if word in _BETTER), None)
