"""What of an `ImageToText` is exported: what a picture becomes, and one step of its caption.

Shapes: B pictures, S width and height, V tokens in the vocabulary.
"""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from nested_lightning.app.exported.manifest import Loop
from nested_lightning.app.exporting.exportable import Exportable, Exports, Graphs, some_rows
from nested_lightning.app.image_to_text.batch import CaptionBatch
from nested_lightning.app.image_to_text.generation.greedy import GreedySearch
from nested_lightning.app.image_to_text.generation.search import State
from nested_lightning.app.image_to_text.model import ImageToText
from nested_lightning.app.image_to_text.spec import ImageToTextDataSpec
from nested_lightning.app.image_to_text.vocabulary import BEGIN, END, PAD

_STEPS = (1, 2, 3)
"""Steps that the second graph is verified with, beside that of the longest caption."""


def exports_of(
    *, model: ImageToText, data_spec: ImageToTextDataSpec, batches: Sequence[CaptionBatch]
) -> Exports:
    """Return the encoder with bridge, which gives the state of a caption, and the decoder's step.

    They are verified with the batches.

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
    pictures = batches[0].pictures
    cases = some_rows((pictures,))
    cases["black and white"] = (
        torch.stack([torch.zeros_like(pictures[0]), torch.full_like(pictures[0], 255)]),
    )
    at_first, later, *at_last = _num_tensors(model, pictures[:1])
    is_begun = at_first != later
    with torch.no_grad():
        steps = {
            f"step {number} of {case}": (tokens, *state)
            for case, one in cases.items()
            for number, (tokens, state) in enumerate(_steps(model, *one), 1)
            if number in (*_STEPS, model.max_length) and number > is_begun
        }
    state = [f"state_{i}" for i in range(later)]
    graphs = [
        Exportable(
            name="encoder",
            module=model,
            call=_begun if is_begun else _begin,
            inputs=["pictures"],
            outputs=["log_probabilities", *state] if is_begun else state,
            cases=cases,
            root="image_to_text",
        ),
        Exportable(
            name="step",
            module=model,
            call=_step,
            inputs=["tokens", *state],
            outputs=["log_probabilities", *(f"next_{name}" for name in state)],
            cases=steps,
            root="image_to_text",
        ),
    ]
    loop = Loop(
        first="encoder",
        step="step",
        begin=BEGIN,
        end=END,
        pad=PAD,
        max_length=model.max_length,
        is_begun=is_begun,
    )
    fault = ""
    if {*at_last} != {later}:
        fault = "image_to_text.text_decoder: its state has ever more tensors, so a step has no graph"
    return Exports(graphs=graphs, loop=loop, fault=fault)


def _begin(model: ImageToText, pictures: Tensor) -> Any:
    """Map pictures, uint8 of [B, 3, S, S], to the first state."""
    return model.begin(pictures)


def _begun(model: ImageToText, pictures: Tensor) -> Any:
    """Map pictures to log-probabilities of [B, V] and the state after the begin token.

    It is for decoders whose state has other tensors before they have read anything.
    """
    return model.step(torch.full((pictures.shape[0],), BEGIN), model.begin(pictures))


def _step(model: ImageToText, tokens: Tensor, *state: Tensor) -> Any:
    """Map tokens, int64 of [B], and a state to log-probabilities of [B, V] and the next state."""
    return model.step(tokens, state)


@torch.no_grad()
def _num_tensors(model: ImageToText, pictures: Tensor) -> list[int]:
    """Return how many tensors a state has: at first, after one token, after two and so on."""
    return [len(state) for _, state in _steps(model, pictures)]


def _steps(model: ImageToText, pictures: Tensor) -> Iterator[tuple[Tensor, State]]:
    """Yield what the steps of the longest greedy caption are given."""
    tokens, state = torch.full((len(pictures),), BEGIN), model.begin(pictures)
    for _ in range(max(3, model.max_length)):
        yield tokens, state
        log_probabilities, state = model.step(tokens, state)
        tokens = log_probabilities.argmax(dim=1)


def answer_by_graphs(model: Any, *, data_spec: ImageToTextDataSpec, graphs: Graphs) -> None:
    """Let a copy of a model answer by its graphs, as `evaluate` asks it; the copy is changed."""
    blank = torch.zeros(1, 3, data_spec.picture_size, data_spec.picture_size, dtype=torch.uint8)
    at_first, later, *_ = _num_tensors(model, blank)
    is_begun = at_first != later

    def step(last: Tensor, state: State) -> tuple[Tensor, State]:
        is_said = is_begun and bool((last == BEGIN).all())
        log_probabilities, *after = state if is_said else graphs["step"](last, *state)
        return log_probabilities, tuple(after)

    model.look = lambda pictures: pictures
    model._start = lambda pictures: tuple(graphs["encoder"](pictures))
    model.step = step
