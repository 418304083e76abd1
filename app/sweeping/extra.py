"""The packages of the extra `sweep`."""

from importlib.util import find_spec

from nested_lightning.app.errors import UserError


def require_extra() -> None:
    """Check that what searches is installed.

    Raises:
        UserError: A package isn't.
    """
    for module in ("optuna", "cmaes"):
        if find_spec(module) is None:
            raise UserError(f"sweep needs {module}: pip install 'nested-lightning[sweep]'")
