"""A LightningModule that Lightning's loop goes through faster."""

from typing import Any

from pytorch_lightning import LightningModule
from pytorch_lightning.core.hooks import DataHooks
from typing_extensions import override

_IDLE_HOOKS = ("on_before_batch_transfer", "on_after_batch_transfer")


class QuickHooks(LightningModule):
    """Stores the name of the running hook without the search of `torch.nn.Module.__setattr__`.

    Lightning sets that one string more than forty times in a training step, and each time torch looks whether
    it may be a parameter, a buffer or a module: some 80 microseconds a step.
    """

    @override
    def _call_batch_hook(self, hook_name: str, *args: Any) -> Any:
        """Pass over the hooks around the transfer of a batch where nobody has made them their own."""
        if hook_name not in _IDLE_HOOKS or self._has_own(hook_name):
            return super()._call_batch_hook(hook_name, *args)
        return args[0]

    def _has_own(self, hook_name: str) -> bool:
        """Return whether this or the datamodule has a hook besides the empty one, which both inherit."""
        datamodule = self._trainer.datamodule if self._trainer is not None else None
        hooks = [getattr(each, hook_name) for each in (self, datamodule) if each is not None]
        return any(getattr(hook, "__func__", None) is not getattr(DataHooks, hook_name) for hook in hooks)

    @override
    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_current_fx_name":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)
