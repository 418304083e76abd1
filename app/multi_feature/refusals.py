"""Inputs that a model refuses while it runs."""

from torch import Tensor, nn

from nested_lightning.app.errors import UserError


def check_input(group: str, extractor: nn.Module, tensor: Tensor) -> None:
    """Refuse features of another number than an extractor takes, if it publishes any."""
    in_features = getattr(extractor, "in_features", None)
    if tensor.dim() == 2 and tensor.is_floating_point() and in_features not in (None, tensor.shape[1]):
        raise UserError(  # ids, steps and pictures have their width on another axis, or on none
            f"group '{group}' has {tensor.shape[1]} features, but its extractor "
            f"({type(extractor).__name__}) takes {in_features}"
        )


def check_output(name: str, module: nn.Module, output: Tensor) -> None:
    """Refuse an output of another width than its module publishes, if it publishes any."""
    published = getattr(module, "out_features", None)
    if isinstance(published, int) and output.shape[-1] != published:
        raise UserError(
            f"{name} ({type(module).__name__}) publishes out_features={published}, "
            f"and gave {output.shape[-1]} features"
        )


def refuse_single_row(model: nn.Module) -> None:
    """Refuse to train on one row where a part of the model normalises by its batch."""
    if any(
        isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d | nn.SyncBatchNorm)
        for module in model.modules()
    ):
        raise UserError(
            "a training batch of one row has no spread to normalise by: "
            "raise multi_feature.data.batch_size, or choose parts that don't normalise (preset plain)"
        )
