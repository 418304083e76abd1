"""Lightning's own ``load_from_checkpoint`` of a module that is a family of one's own."""

from typing import Any

from nested_lightning.app.errors import UserError
from nested_lightning.containers.owning.descriptor import python_name
from nested_lightning.settings.family import Family

_DOOR = "load_from_checkpoint"


def name_our_door(module: Any, family: Family) -> None:
    """Have a module's ``load_from_checkpoint`` say how a checkpoint is opened that it can't open.

    Lightning builds the module by its constructor alone; a checkpoint holds neither parts nor what the wiring
    function gave besides. Where the caller gives these, or none is needed, it is Lightning's as before.

    Args:
        module: The module's class; a class with a way of its own, and anything else, is left as it is.
        family: The family.
    """
    if not isinstance(module, type) or _DOOR in vars(module):
        return

    def load_from_checkpoint(cls: Any, checkpoint_path: Any, *arguments: Any, **keywords: Any) -> Any:
        try:
            return getattr(super(module, cls), _DOOR)(checkpoint_path, *arguments, **keywords)
        except (TypeError, RuntimeError) as error:
            ours = f"from_checkpoint('{checkpoint_path}', family={python_name(family)})"
            raise UserError(
                f"{cls.__name__} can't be built of a checkpoint by its constructor alone"
                f" ({' '.join(str(error).split())}): family_container({ours}).model() gives it"
            ) from error

    setattr(module, _DOOR, classmethod(load_from_checkpoint))
