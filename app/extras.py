"""The packages of extras, looked for before anything of them is imported."""

from functools import partial
from importlib.util import find_spec

from nested_lightning.app.errors import UserError


def require(wanted_by: str, extra: str, *modules: str) -> None:
    """Check that modules, which an extra of this project brings, are installed; none of them is imported.

    Raises:
        UserError: One isn't.
    """
    for module in modules:
        if find_spec(module) is None:
            raise UserError(f"{wanted_by} needs {module}: pip install 'nested-lightning[{extra}]'")


require_serving = partial(
    require, "serving", "serve", "fastapi", "prometheus_client", "python_multipart", "uvicorn"
)
require_export = partial(require, "--format onnx", "export", "onnx", "onnxscript", "onnxruntime")
require_runtime = partial(require, "an exported model", "export", "onnxruntime")
require_sweep = partial(require, "sweep", "sweep", "optuna", "cmaes")
require_report = partial(require, "a report", "report", "jinja2", "matplotlib")
require_ray = partial(require, "the engine ray", "ray", "ray")
