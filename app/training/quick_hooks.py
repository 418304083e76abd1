"""A LightningModule that Lightning's loop goes through faster."""

from typing import Any

from pytorch_lightning import LightningModule
from typing_extensions import override


class QuickHooks(LightningModule):
    """Stores the name of the running hook without the search of `torch.nn.Module.__setattr__`.

    Lightning sets that one string more than forty times in a training step, and each time torch looks whether
    it may be a parameter, a buffer or a module: some 80 microseconds a step.
    """

    @override
    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_current_fx_name":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)
