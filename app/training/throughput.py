"""Lightning's monitor of throughput, which has to be told how many samples a batch has."""

from pytorch_lightning.callbacks import ThroughputMonitor
from pytorch_lightning.utilities.data import extract_batch_size


def build_throughput_monitor(*, window_size: int = 100) -> ThroughputMonitor:
    """Build the callback that logs batches and samples per second.

    Args:
        window_size: Batches of a mean.
    """
    return ThroughputMonitor(batch_size_fn=extract_batch_size, window_size=window_size)
