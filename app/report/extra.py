"""The packages of the extra `report`."""

from importlib.util import find_spec

from nested_lightning.app.errors import UserError


def require_extra() -> None:
    """Check that what draws charts and fills in pages is installed; nothing of it is imported.

    Raises:
        UserError: A package isn't.
    """
    for module in ("jinja2", "matplotlib"):
        if find_spec(module) is None:
            raise UserError(f"a report needs {module}: pip install 'nested-lightning[report]'")
