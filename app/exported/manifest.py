"""The manifest of an exported model: all that is needed to run it without torch, as plain JSON.

It stands in every graph's metadata under `METADATA_KEY`, and as `MANIFEST_NAME` beside the graphs of a model
that has several.

What a family's graphs take and give, in this order; a name that the format can't hold is spelt differently,
and `Port.of` has the original:

- multi-feature: graph ``model``. An input for each group of the data spec: of columns, [B, columns] of the
  file's numbers, a category as its place among the known ones (-1: none of them), a date as seconds since
  1970, NaN where a value is missing; of any other sort what its layout says. Where groups may be missing,
  bool of [B, G] follows, of ``presence``. Outputs are what ``predict_step`` gives: one, or one for each
  predicted column.
- variant: a graph for each variant, by its name. Encoded steps, [B, L] or [B, L, F]; lengths, int64 of [B].
  Gives the probabilities of each step, [B, L, C], or of each sequence, [B, C].
- image-to-text: ``encoder``: pictures, uint8 of [B, 3, S, S]; gives the tensors of the state. ``step``: the
  last tokens, int64 of [B], and the state; gives log-probabilities, [B, V], and the next state. See `Loop`,
  also for an encoder that has read the begin token.
- vae-gan: ``classifier``: pictures, float32 of [B, C, S, S]; gives a logit for each domain. Of each VAE
  ``NAME.encoder``: pictures and their members, int64 of [B]; gives the mean of the latent vectors, [B, Z].
  ``NAME.decoder``: latent vectors and members; gives pictures. ``NAME.prior``: standard normal noise and
  members; gives latent vectors of new pictures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, StringConstraints, TypeAdapter

from nested_lightning.app.foreign_files import read_versioned

FORMAT_VERSION = 1
"""Version that this release writes and reads."""

METADATA_KEY = "nested_lightning"
"""Where the manifest stands in a graph's metadata."""

MANIFEST_NAME = "manifest.json"
"""Its file in a folder of graphs."""

FileName = Annotated[str, StringConstraints(pattern=r"^[^/\\\x00-\x1f.][^/\\\x00-\x1f]*$")]
"""The name of a file beside the manifest: no other folder can be meant."""


@dataclass(frozen=True, kw_only=True)
class Port:
    """An input or an output of a graph.

    Attributes:
        name: Its name in the graph.
        dtype: Type of its numbers as numpy calls it, e.g. ``float32``.
        dims: Its size along each axis; None: any.
        of: What it is called in the data; empty: as in the graph.
    """

    name: str
    dtype: str
    dims: tuple[int | None, ...]
    of: str = ""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One ONNX graph.

    Attributes:
        name: What it computes, unique in the manifest.
        file: The file's name, beside the manifest; empty: the one that the manifest stands in.
        inputs: What it takes, in order.
        outputs: What it gives, in order.
    """

    name: str
    file: FileName | Annotated[str, StringConstraints(max_length=0)]
    inputs: Annotated[tuple[Port, ...], Field(min_length=1)]
    outputs: Annotated[tuple[Port, ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class Loop:
    """How a step is repeated until each row has ended.

    The first graph's outputs are the state that the second takes after the last token; its outputs after the
    log-probabilities are the state that it takes next, as are the first's where it ``is_begun``.

    Attributes:
        first: Name of the graph that gives the state.
        step: Name of the graph that is repeated.
        begin: The token before the first one.
        end: The token that ends a row.
        pad: The token after an ended one.
        max_length: Tokens of the longest row, the end token included.
        is_begun: Whether the first graph has read the begin token, and gives log-probabilities before the
            state, as the second does.
    """

    first: str
    step: str
    begin: int
    end: int
    pad: int
    max_length: Annotated[int, Field(ge=1)]
    is_begun: bool = False


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an exported model is.

    Attributes:
        family: Name of the family, e.g. ``multi-feature``.
        submodule: Path of the only submodule that was exported; None: the whole model.
        graphs: Its graphs.
        data_spec: Plain data of the family's data spec.
        predictor: Plain values that decoding needs besides, e.g. a threshold.
        recipe: The recipe of the checkpoint as plain data.
        opset: Version of ONNX's operators.
        ir_version: Version of ONNX's files.
        versions: Versions of the packages that wrote it.
        loop: How the graphs are repeated; None: each runs once.
        notes: Remarks for the user, e.g. which sizes are fixed.
        format_version: Version of this layout.
    """

    family: str
    graphs: Annotated[tuple[Graph, ...], Field(min_length=1)]
    data_spec: Mapping[str, Any]
    opset: int
    ir_version: int
    submodule: str | None = None
    predictor: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    loop: Loop | None = None
    notes: tuple[str, ...] = ()
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Return the manifest as one JSON object, which `read_manifest` reads."""
        return TypeAdapter(Manifest).dump_json(self).decode()


def read_manifest(text: str, *, source: object) -> Manifest:
    """Return the manifest in a JSON object.

    Raises:
        UserError: It is damaged, or a newer release wrote it.
    """
    return read_versioned(Manifest, text, newest=FORMAT_VERSION, what=f"{source}: its manifest")
