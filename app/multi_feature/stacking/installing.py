"""Puts stacks into a composite, and takes them out again."""

from collections.abc import Mapping, Sequence

import torch
from torch import Size, nn
from torch.optim import Optimizer

from nested_lightning.app.multi_feature.stacking.optimizer_state import Shapes, SingleModuleState
from nested_lightning.app.multi_feature.stacking.stack import ModuleStack, StackMember


class StackedModules:
    """The modules in one ``nn.ModuleDict`` of a composite, of which several may be stacked.

    Args:
        model: The composite.
        holder: Name of the ``nn.ModuleDict`` below it.
        stacks: Name of an ``nn.ModuleList`` below it, which takes the stacks.
    """

    def __init__(self, *, model: nn.Module, holder: str, stacks: str) -> None:
        modules, stack_list = model.get_submodule(holder), model.get_submodule(stacks)
        assert isinstance(modules, nn.ModuleDict)
        assert isinstance(stack_list, nn.ModuleList)
        self._model, self._holder, self._stacks = model, holder, stacks
        self.modules = modules
        self.stacks = stack_list
        self._order: list[str] = []

    def stack(self, plan: Sequence[Sequence[str]]) -> None:
        """Stack modules by their names in the ``nn.ModuleDict``, each list of them as one."""
        self._order = [name for name, _ in self._model.named_parameters()]
        for names in plan:
            stack = ModuleStack({name: self.modules[name] for name in names})
            for index, name in enumerate(names):
                self.modules[name] = StackMember(module=self.modules[name], stack=stack, index=index)
            self.stacks.append(stack)

    def release(self) -> None:
        """Give each module its place and its weights back."""
        for name, module in self.modules.items():
            if isinstance(module, StackMember):
                self.modules[name] = module.release()
        del self.stacks[:]

    def translate(self, optimizer: Optimizer) -> None:
        """Have an optimiser save and load its state as that of the single modules."""
        shapes = self._shapes()
        groups = [[shapes[parameter] for parameter in group["params"]] for group in optimizer.param_groups]
        SingleModuleState(groups=groups, order=self._order).attach(optimizer)

    def _shapes(self) -> Mapping[torch.Tensor, Shapes]:
        """Return what each parameter of the model holds: itself, or those of the members of a stack."""
        held: dict[torch.Tensor, Shapes] = {
            parameter: {name: parameter.shape} for name, parameter in self._model.named_parameters()
        }
        for stack in self.stacks:
            assert isinstance(stack, ModuleStack)
            for key, parameter in stack.template.named_parameters():
                held[parameter] = {
                    f"{self._holder}.{name}.{key}": shape for name, shape in _shapes_of(stack, key).items()
                }
        return held


def _shapes_of(stack: ModuleStack, key: str) -> dict[str, Size]:
    return {name: stack.tensors_of(index)[key].shape for index, name in enumerate(stack.names)}
