"""Callbacks whose empty hooks Lightning passes over."""

from pytorch_lightning import Callback

_HOOKS_OF_A_BATCH = (
    "on_train_batch_start",
    "on_train_batch_end",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_validation_batch_start",
    "on_validation_batch_end",
    "on_test_batch_start",
    "on_test_batch_end",
)


def pass_over_idle_hooks(callback: Callback) -> Callback:
    """Take from a callback the hooks of single batches that it has not made its own, and return it.

    Lightning calls six of them for each callback in a training step, at some two microseconds each, and
    passes over what can't be called.
    """
    for name in _HOOKS_OF_A_BATCH:
        hook = getattr(callback, name)
        if getattr(hook, "__func__", None) is getattr(Callback, name):
            setattr(callback, name, None)
    return callback
