"""Answers of a composite of one's own over HTTP: batches as its training had them, or files."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from nested_lightning.app.errors import UserError
from nested_lightning.app.own.data_facts import OwnDataSpec, TensorFacts, batch_of
from nested_lightning.app.own.predict import OwnPredictor
from nested_lightning.app.record_files import plain_values
from nested_lightning.app.serving.desk import Answer, Asked, Description, Limits, Part, Upload, split_answers
from nested_lightning.app.serving.forms import FILES, FORM, JSON, form_schema, parse_json
from nested_lightning.app.serving.problems import unprocessable

_BATCH = "batch"
Tensors = Sequence[Tensor]
"""The tensors of a batch in the order of its structure, each with as many rows."""


class _Leaf(NamedTuple):
    """What a request gave for a tensor of a batch, and where."""

    facts: TensorFacts
    given: Any
    place: str


class OwnDesk:
    """Answers batches by ``predict_step``, and files by the datamodule's ``predict_paths`` and loader.

    A batch has the structure of the training's; what the step doesn't need of it, such as labels, may be
    null. Batches of several requests are computed together, as the step says something of each row.

    Raises:
        UserError: Neither a batch nor files can be answered.
    """

    def __init__(self, *, predictor: OwnPredictor, data_spec: OwnDataSpec) -> None:
        self._predictor, self._structure = predictor, data_spec.batch
        self._fault = self._find_fault()
        self._takes_files = predictor.takes_files
        if self._fault and not self._takes_files:
            raise UserError(f"there is nothing to answer: {self._fault}, and the data take no files")

    def describe(self, limits: Limits) -> Description:
        """Describe a batch, and whether files are accepted."""
        bodies: dict[str, Any] = {}
        if not self._fault:
            body = {"type": "object", "properties": {_BATCH: {}}, "required": [_BATCH]}
            bodies[JSON] = {**body, "additionalProperties": False}
        if self._takes_files:
            bodies[FORM] = form_schema(FILES)
        return Description(
            inputs={"files": self._takes_files, "batch": None if self._fault else self._structure},
            answers={"kind": "other"},
            bodies=bodies,
            answer={"type": "object"},
            example=None if self._fault else {_BATCH: self._example_rows()},
        )

    def read(self, asked: Asked, limits: Limits) -> Sequence[Part]:
        """Return the batch, or the files.

        Raises:
            Problem: It has another structure, or there are no files.
        """
        if asked.content_type == FORM:
            if not (uploads := asked.files.get(FILES)):
                raise unprocessable("at least one file is needed", field=FILES)
            return [Part(content=tuple(uploads), num_rows=None)]
        body = parse_json(asked.body)
        if not isinstance(body, dict) or body.keys() != {_BATCH}:
            raise unprocessable("should be all that the object holds", field=_BATCH)
        tensors = _read_tensors(_leaves(self._structure, body[_BATCH], _BATCH))
        pieces = zip(*(tensor.split(limits.max_batch_size) for tensor in tensors), strict=True)
        return [Part(content=[*piece], num_rows=len(piece[0]), key=_BATCH) for piece in pieces]

    def compute(self, contents: Sequence[Any]) -> Sequence[Sequence[Answer]]:
        """Return the step's answer for each row."""
        if isinstance(contents[0], tuple):
            return [self._answer_files(each) for each in contents]
        answers = self._answer([torch.cat(each) for each in zip(*contents, strict=True)])
        num_rows = [len(each[0]) for each in contents]
        if len(answers) != sum(num_rows):
            raise UserError(f"the step gives {len(answers)} results for {sum(num_rows)} rows")
        return split_answers(answers, num_rows)

    def example(self, limits: Limits) -> Sequence[Part]:
        """Return a batch of one row."""
        return [] if self._fault else [Part(content=self._example(), num_rows=1)]

    def _example(self) -> Tensors:
        return [facts.example(1) for facts, *_ in _leaves(self._structure, None, _BATCH)]

    def _example_rows(self) -> Any:
        return batch_of(self._structure, (tensor.tolist() for tensor in self._example()), is_plain=True)

    def _find_fault(self) -> str:
        """Return why a batch like the training's can't be answered; empty: it can."""
        sizes = {(*each.facts.shape[:1],) for each in _leaves(self._structure, None, _BATCH)}
        if len(sizes) != 1 or () in sizes:
            return "it isn't known what a row of a batch is"
        try:
            self._answer(self._example())
        except Exception as error:  # a user's step may raise anything
            return f"predict_step can't answer a batch as the training had it ({type(error).__name__})"
        return ""

    def _answer(self, tensors: Tensors) -> Sequence[Answer]:
        rows = self._predictor.predict(batch_of(self._structure, iter(tensors)))
        return [plain_values(row) for row in rows]

    def _answer_files(self, uploads: Sequence[Upload]) -> Sequence[Answer]:
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder, str(i), PurePath(one.name).name or "file") for i, one in enumerate(uploads)]
            for path, upload in zip(paths, uploads, strict=True):
                path.parent.mkdir()
                path.write_bytes(upload.content)
            return [plain_values(row) for row in self._predictor.predict_files(*paths)]


def _leaves(structure: Any, given: Any, place: str) -> Iterator[_Leaf]:
    """Yield what is given for each tensor of a structure."""
    if structure is None or "other" in structure:
        return
    if "tensor" in structure:
        yield _Leaf(TensorFacts(**structure["tensor"]), given, place)
        return
    parts = structure["items"] if "items" in structure else dict(enumerate(structure["list"]))
    values = given if "items" in structure else dict(enumerate(given)) if isinstance(given, list) else given
    if values is not None and (not isinstance(values, dict) or not values.keys() <= parts.keys()):
        raise unprocessable(f"should be {_described(structure)}", field=place)
    for name, part in parts.items():
        yield from _leaves(part, None if values is None else values.get(name), f"{place}.{name}")


def _described(structure: Any) -> str:
    if "items" in structure:
        return f"an object of {', '.join(structure['items'])}"
    return f"a list of {len(structure['list'])}"


def _read_tensors(leaves: Iterator[_Leaf]) -> Tensors:
    """Return the tensors of a batch; what is null has as many rows as the others, of zeros."""
    read = [(leaf, None if leaf.given is None else _read_tensor(leaf)) for leaf in leaves]
    counts = {len(tensor) for _, tensor in read if tensor is not None}
    if len(counts) != 1 or 0 in counts:
        raise unprocessable("should have one number of rows, at least 1, everywhere", field=_BATCH)
    (num_rows,) = counts
    zeros = (leaf.facts.example(1).expand(num_rows, *leaf.facts.shape[1:]) for leaf, _ in read)
    return [zero if tensor is None else tensor for zero, (_, tensor) in zip(zeros, read, strict=True)]


def _read_tensor(leaf: _Leaf) -> Tensor:
    sizes = leaf.facts.shape[1:]
    try:
        array = np.array(leaf.given)
    except ValueError:  # lists of different lengths
        array = np.array(None)
    kinds = {"f": "iuf", "b": "b"}.get(np.dtype(leaf.facts.dtype.replace("bfloat16", "float32")).kind, "iu")
    if array.dtype.kind not in kinds or [*array.shape[1:]] != sizes or array.ndim != len(leaf.facts.shape):
        shape = "".join(f", {size}" for size in sizes)
        raise unprocessable(f"should be {leaf.facts.dtype} of [N{shape}]", field=leaf.place)
    return torch.from_numpy(array).to(getattr(torch, leaf.facts.dtype))
