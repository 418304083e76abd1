"""The packages of the extra `serve`."""

from importlib.util import find_spec

from nested_lightning.app.errors import UserError


def require_extra() -> None:
    """Check that what answers over HTTP is installed.

    Raises:
        UserError: A package isn't.
    """
    for module in ("fastapi", "prometheus_client", "python_multipart", "uvicorn"):
        if find_spec(module) is None:
            raise UserError(f"serving needs {module}: pip install 'nested-lightning[serve]'")
