"""The one entry to what makes the steps of a small model quicker."""

from pytorch_lightning import Trainer

from nested_lightning.app.seam.versions import are_tested


def quicken(trainer: Trainer) -> bool:
    """Let a Trainer train with less in between; weights, hooks, counters and checkpoints stay the same.

    Steps shorter than about 7 ms gain: the loop takes 1.16 to 1.28 times less, a fused Adam on a CPU 1.06 to
    1.14 times less again. Return whether it was done; with versions that weren't tested nothing is.
    """
    if not are_tested():
        return False
    from nested_lightning.app.seam.quick_loop import QuickEpochLoop

    trainer.fit_loop.epoch_loop = QuickEpochLoop(
        trainer, min_steps=trainer.fit_loop.min_steps, max_steps=trainer.fit_loop.max_steps
    )
    return True
