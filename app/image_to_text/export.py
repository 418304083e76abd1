"""What of an `ImageToText` is exported: what a picture becomes, and one step of its caption.

Shapes: B pictures, S width and height, V tokens in the vocabulary.
"""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nested_lightning.app.exported.manifest import Loop
from nested_lightning.app.exporting.exportable import (
    Exportable,
    Exports,
    Graphs,
    Inputs,
    some_rows,
)
from nested_lightning.app.image_to_text.batch import CaptionBatch
from nested_lightning.app.image_to_text.generation.greedy import GreedySearch
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.image_to_text.vocabulary import BEGIN, END, PAD

_NUM_STEPS = 3
"""Steps that the second graph is verified with, one after the other."""


def exports_of(
    *, model: ImageToText, data_spec: ImageToTextDataSpec, batches: Sequence[CaptionBatch]
) -> Exports:
    """Return the encoder with bridge, which gives the state of a caption, and the decoder's step.

    Args:
        model: In evaluation mode, on the CPU.
        data_spec: Size of the pictures, and the vocabulary.
        batches: Pictures to verify it with.

    Warns:
        UserWarning: The model is set to write captions otherwise than one likeliest token after the other.
    """
    del data_spec  # the pictures have the size, and the model the vocabulary
    if not isinstance(model.generation, GreedySearch):
        warnings.warn(
            f"the exported model writes captions greedily, and this one by {type(model.generation).__name__}:"
            " its captions may be others",
            stacklevel=2,
        )
    encoder, pictures = _Encoder(model), batches[0].pictures
    cases = some_rows((pictures,))
    cases["black and white"] = (
        torch.stack([torch.zeros_like(pictures[0]), torch.full_like(pictures[0], 255)]),
    )
    with torch.no_grad():
        steps = {
            f"step {number} of {case}": inputs
            for case, one in cases.items()
            for number, inputs in enumerate(_steps(model, *one), 1)
        }
    state = [f"state_{i}" for i in range(len(next(iter(steps.values()))) - 1)]
    graphs = [
        Exportable(
            name="encoder",
            module=encoder,
            inputs=["pictures"],
            outputs=state,
            cases=cases,
            root="image_to_text",
        ),
        Exportable(
            name="step",
            module=_Step(model),
            inputs=["tokens", *state],
            outputs=["log_probabilities", *(f"next_{name}" for name in state)],
            cases=steps,
            root="image_to_text",
        ),
    ]
    loop = Loop(first="encoder", step="step", begin=BEGIN, end=END, pad=PAD, max_length=model.max_length)
    fault = ""
    if len(steps) < _NUM_STEPS * len(cases):
        fault = (
            "image_to_text.text_decoder: its state has other tensors after a token, so a step has no graph"
        )
    return Exports(graphs=graphs, loop=loop, fault=fault)


class _Encoder(nn.Module):
    """Makes the first state of pictures."""

    def __init__(self, model: ImageToText) -> None:
        super().__init__()
        self.model = model

    def forward(self, pictures: Tensor) -> Any:
        """Map pictures, uint8 of [B, 3, S, S], to the tensors of the state."""
        return self.model.begin(pictures)


class _Step(nn.Module):
    """Says what comes after a token."""

    def __init__(self, model: ImageToText) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, *state: Tensor) -> Any:
        """Map tokens, int64 of [B], and a state to log-probabilities of [B, V] and the next state."""
        return self.model.step(tokens, state)


def _steps(model: ImageToText, pictures: Tensor) -> Iterator[Inputs]:
    """Yield what the steps of a greedy caption are given."""
    tokens, state = torch.full((len(pictures),), BEGIN), model.begin(pictures)
    num_tensors = len(state)
    for _ in range(_NUM_STEPS):
        if len(state) != num_tensors:
            return
        yield (tokens, *state)
        log_probabilities, state = model.step(tokens, state)
        tokens = log_probabilities.argmax(dim=1)


def answer_by_graphs(model: Any, *, data_spec: ImageToTextDataSpec, graphs: Graphs) -> None:
    """Let a model answer by its graphs, as `evaluate` asks it.

    Args:
        model: A copy, which is changed.
        data_spec: Of its data.
        graphs: Take and give tensors, by their names.
    """
    del data_spec

    def step(last: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        log_probabilities, *after = graphs["step"](last, *state)
        return log_probabilities, tuple(after)

    model.look = lambda pictures: pictures
    model._start = lambda pictures: tuple(graphs["encoder"](pictures))
    model.step = step
