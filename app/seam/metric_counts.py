"""How many batches a metric of torchmetrics has seen, which its state doesn't say."""

from torchmetrics import Metric


def count_as_updated(metric: Metric) -> None:
    """Let a metric whose state was restored count as one that has seen a batch, and so be computed."""
    metric._update_count = max(1, metric.update_count)
