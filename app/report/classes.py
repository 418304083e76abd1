"""How good the probabilities of classes are: ROC, precision and recall, calibration."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn import functional

from nested_lightning.app.evaluation_report import Labels, Numbers
from nested_lightning.app.report.charts import NUM_SERIES, Axes, Series, draw_chart
from nested_lightning.app.report.contents import Block, Text
from nested_lightning.app.report.importance import evenly

_NUM_BINS = 10
_MOST_SAMPLES = 100_000
"""Samples that curves are computed from, evenly spread over all."""
Flags = npt.NDArray[np.bool_]


def class_blocks(target: Labels, probabilities: Numbers, names: Sequence[str], where: str) -> Sequence[Block]:
    """Return ROC, precision over recall, and calibration; of many classes, of those that are worst.

    They are of class indices, [N], and probabilities, [N, C]; ``where`` are part, samples and checkpoint.
    """
    truth = target[:, None] == np.arange(len(names))
    curves = order_blocks(truth, probabilities, names, where, of="each class against the rest")
    return [*curves, calibration_chart(target, probabilities, where)]


def order_blocks(
    truth: Flags, probabilities: Numbers, names: Sequence[str], where: str, *, of: str
) -> list[Block]:
    """Return ROC, and precision over recall; of many classes or labels, of those that are worst.

    ``truth`` is whether each of N samples is of a class, or has a label, [N, C], as are the probabilities.
    """
    from sklearn import metrics  # half a second, not before it is needed

    if len(truth) > _MOST_SAMPLES:
        where = f"{where}, {_MOST_SAMPLES:,} of them"
        rows = evenly(len(truth), _MOST_SAMPLES).numpy()
        truth, probabilities = truth[rows], probabilities[rows]
    ranked = _ranked(truth, probabilities)
    chosen = ranked[:NUM_SERIES]
    roc, precision = {}, {}
    for index in chosen:
        is_class, probability = truth[:, index], probabilities[:, index]
        false, true, _ = metrics.roc_curve(is_class, probability, drop_intermediate=True)
        exact, recall, _ = metrics.precision_recall_curve(is_class, probability, drop_intermediate=True)
        roc[names[index]] = Series(xs=false.tolist(), ys=true.tolist())
        precision[names[index]] = Series(xs=recall.tolist(), ys=exact.tolist())
    blocks: list[Block] = []
    if len(ranked) > len(chosen):
        said = f"The {len(chosen)} of {len(ranked)} with the smallest areas under ROC are drawn."
        blocks.append(Text(text=said))
    if roc:
        rates = Axes(x="false positive rate", y="true positive rate", has_diagonal=True)
        blocks += [
            draw_chart(f"ROC of {of}, {where}", roc, rates),
            draw_chart(f"Precision over recall of {of}, {where}", precision, Axes(x="recall", y="precision")),
        ]
    return blocks


def calibration_chart(target: Labels, probabilities: Numbers, where: str) -> Block:
    """Return how often the most probable class is right, over its probability, in bins of equal width."""
    confidence, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == target
    bins = np.minimum((confidence * _NUM_BINS).astype(int), _NUM_BINS - 1)
    used = np.unique(bins)
    xs = [float(confidence[bins == one].mean()) for one in used]
    ys = [float(is_right[bins == one].mean()) for one in used]
    counts = ", ".join(f"{int((bins == one).sum()):,}" for one in used)
    axes = Axes(x="probability of the answer", y="share that is right", has_diagonal=True)
    return draw_chart(
        f"Calibration, {where}",
        {axes.y: Series(xs=xs, ys=ys)},
        axes,
        description=f"On the diagonal, probabilities are what they say. Samples of each point: {counts}.",
    )


def _ranked(truth: Flags, probabilities: Numbers) -> list[int]:
    """Return the classes that are there and not alone, those with the smallest area under ROC first."""
    from sklearn.metrics import roc_auc_score

    there = [index for index, one in enumerate(truth.T) if one.any() and not one.all()]
    return sorted(there, key=lambda index: float(roc_auc_score(truth[:, index], probabilities[:, index])))


def score_again(probabilities: Tensor, target: Tensor, predicted: Tensor) -> dict[str, float]:
    """Return scores of `score_classes`, in a fraction of its time, since they are computed for many draws.

    They are of probabilities, [N, C], and of class indices, [N], true ones and predicted ones.
    """
    from torchmetrics.functional import classification as metrics

    num = probabilities.shape[1]
    counts = target.bincount(minlength=num)
    there = (counts > 0) & (counts < len(target))
    right = target[predicted == target].bincount(minlength=num)
    named = counts + predicted.bincount(minlength=num)
    options: dict[str, Any] = {"num_classes": num, "average": "none", "validate_args": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that were not drawn
        areas = metrics.multiclass_auroc(probabilities, target, **options)
        precisions = metrics.multiclass_average_precision(probabilities, target, **options)
    of_true = probabilities.double().gather(1, target[:, None]).clamp_min(1e-15)
    return {
        "accuracy": float(right.sum() / len(target)),
        "balanced_accuracy": float((right / counts)[counts > 0].double().mean()),
        "macro_f1": float((2 * right / named)[named > 0].double().mean()),
        "roc_auc": float(areas[there].double().mean()),
        "average_precision": float(precisions[there].double().mean()),
        "log_loss": float(-of_true.log().mean()),
    }


def score_logits(logits: Tensor, target: Tensor) -> dict[str, float]:
    """Return log loss and accuracy of logits, [N, C], for the numbers of the true classes, [N]."""
    right = (logits.argmax(dim=1) == target).double().mean()
    return {"log_loss": float(functional.cross_entropy(logits, target)), "accuracy": float(right)}
