"""Programs of ``torch.export`` as files: opened after a look for what could run code."""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import torch
from torch import Tensor
from torch.export import ExportedProgram

from nested_lightning.app.checkpoints.archive import refuse_bad_entries
from nested_lightning.app.errors import UserError
from nested_lightning.app.exporting import recurrent_layers  # noqa: F401 # programs may hold its operator
from nested_lightning.app.foreign_files import foreign_file, regular_file

_MODEL, _EXAMPLE = "models/model.json", "data/sample_inputs/model.pt"
_PLAIN = re.compile(
    r"data/(weights/weight|constants/tensor)_\d+|extra/.+|(\.data/)?version|\.data/serialization_id"
    r"|archive_(format|version)|byteorder"
)
_CODE = re.compile(r"[][(){}='\"\\\n\r]")
"""What names, which become parts of lines of Python, can't have, so that nothing is called by these."""
_OF_FILES = re.compile(r"(\b|_)(file|load|save|write)(\b|_)")
"""What operators that read or write files are called: aten.from_file, image.write_file and others."""
_SIZES = (ast.Expression, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Constant, ast.UnaryOp, ast.USub)
"""What expressions of sizes consist of, which torch evaluates."""


def to_pt2(program: ExportedProgram, metadata: Mapping[str, str]) -> bytes:
    """Return the file of a program, for the same version of torch, with the weights that it computes with.

    No rows and no paths are in it.
    """
    file = BytesIO()
    _leave_out_unused(program)
    args, kwargs = program.example_inputs
    program.example_inputs = (tuple(map(torch.zeros_like, args)), kwargs)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)
        if "_assert" in str(node.target):  # its message may have what `_looked_at` refuses
            node.args = tuple("" if isinstance(one, str) else one for one in node.args)
    torch.export.save(program, file, extra_files=dict(metadata))
    return file.getvalue()


def _leave_out_unused(program: ExportedProgram) -> None:
    """Take weights out of a program that captured a whole model to compute with a part of it."""
    unused = {node.name: node for node in program.graph.nodes if node.op == "placeholder" and not node.users}
    specs = program.graph_signature.input_specs
    for spec in [one for one in specs if one.target is not None and one.arg.name in unused]:
        program.graph.erase_node(unused[spec.arg.name])
        specs.remove(spec)
        for weights in (program.state_dict, program.constants):
            weights.pop(spec.target, None)
    program.graph_module.recompile()


def open_pt2(path: Path) -> ExportedProgram:
    """Return the program in a file that `to_pt2` wrote.

    Raises:
        UserError: It can't be read, or holds something else than tensors and JSON, which could run code.
    """
    with foreign_file(path), regular_file(path).open("rb") as file:
        return torch.export.load(_looked_at(file, path.stat().st_size))


class ProgramRuntime:
    """Computes the program in a file's content by torch, after a look at it as `open_pt2` has."""

    def __init__(self, content: bytes) -> None:
        self._module = torch.export.load(_looked_at(BytesIO(content), len(content))).module()

    @torch.no_grad()
    def __call__(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return what the program gives."""
        return [*self._module(*inputs)]


def _looked_at(file: IO[bytes], num_bytes: int) -> BytesIO:
    """Return a copy that holds what was looked at and nothing else, however torch finds its way in archives.

    Raises:
        UserError: Something can hold code, or is unknown.
    """
    copy = BytesIO()
    with ZipFile(file) as archive, ZipFile(copy, "w") as target:
        for entry in refuse_bad_entries(archive, num_bytes):
            content = _plain(entry.filename.partition("/")[2], archive.read(entry))
            if content is None:
                raise UserError(
                    f"it is refused: {entry.filename} in it can hold code to run; nothing of it was run"
                )
            target.writestr(entry.filename, content)
    copy.seek(0)
    return copy


def _plain(name: str, content: bytes) -> bytes | None:
    """Return an entry as torch may read it; None: it can make torch run code."""
    if name == _MODEL:
        # guards compare sizes of inputs, and are lines of Python
        program = {**json.loads(content), "guards_code": []}
        return json.dumps(program).encode() if _is_of_names(program) else None
    if name in ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json"):
        is_plain = all(one["use_pickle"] is False for one in json.loads(content)["config"].values())
    elif name == _EXAMPLE:  # torch unpickles it if it fails to read it as tensors
        is_plain = _is_of_tensors(content)
    else:
        is_plain = _PLAIN.fullmatch(name) is not None
    return content if is_plain else None


def _is_of_names(value: Any, key: str = "") -> bool:
    """Return whether no text within a program's JSON can become code, or names an operator of files."""
    if isinstance(value, dict):
        return all(_is_of_names(name) and _is_of_names(one, name) for name, one in value.items())
    if isinstance(value, list):
        return all(_is_of_names(one, key) for one in value)
    if not isinstance(value, str):
        return True
    if key in ("in_spec", "out_spec"):
        return set(re.findall(r"[\w.]+\.[\w.]+", value)) <= {"builtins.tuple", "builtins.dict"}
    if key == "expr_str":
        return _is_of_sizes(value)
    return _CODE.search(value) is None and not (key == "target" and _OF_FILES.search(value))


def _is_of_sizes(text: str) -> bool:
    """Return whether an expression has nothing but sympy's classes, numbers and names of sizes."""
    for node in ast.walk(ast.parse(text, mode="eval")):
        if not isinstance(node, _SIZES) or (isinstance(node, ast.Name) and not node.id[0].isupper()):
            return False
        if isinstance(node, ast.Constant) and _CODE.search(str(node.value)):
            return False
    return True


def _is_of_tensors(content: bytes) -> bool:
    try:
        torch.load(BytesIO(content), weights_only=True)
    except Exception:
        return False
    return True
