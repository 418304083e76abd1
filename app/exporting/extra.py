"""The packages of the extra `export`."""

from importlib.util import find_spec

from nested_lightning.app.errors import UserError


def require_extra() -> None:
    """Check that what writes ONNX, and runs it, is installed.

    Raises:
        UserError: A package isn't.
    """
    for module in ("onnx", "onnxscript", "onnxruntime"):
        if find_spec(module) is None:
            raise UserError(f"--format onnx needs {module}: pip install 'nested-lightning[export]'")
