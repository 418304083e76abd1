"""The package of the extra `export` that runs exported models."""

from importlib.util import find_spec

from nested_lightning.app.errors import UserError


def require_runtime() -> None:
    """Check that onnxruntime is installed.

    Raises:
        UserError: It isn't.
    """
    if find_spec("onnxruntime") is None:
        raise UserError("an exported model needs onnxruntime: pip install 'nested-lightning[export]'")
