"""The composite image-to-text: what counts in its loss, and what it generates."""

import math

import pytest
import torch
from torch import Tensor, nn

from nested_lightning.app.image_to_text.batch import CaptionBatch, draw_captions, list_captions
from nested_lightning.app.image_to_text.generation.beam import BeamSearch
from nested_lightning.app.image_to_text.generation.greedy import GreedySearch
from nested_lightning.app.image_to_text.generation.search import Generation
from nested_lightning.app.image_to_text.vocabulary import BEGIN, END, PAD, UNKNOWN
from tests.app.image_to_text.tiny import tiny_model, tiny_pictures

A, B = 4, 5


def _batch(*captions: list[int]) -> CaptionBatch:
    text = torch.full((len(captions), 1, 6), PAD)
    for row, caption in enumerate(captions):
        text[row, 0, : len(caption)] = torch.tensor(caption)
    return CaptionBatch(tiny_pictures(len(captions)), text, tuple(("a b",) for _ in captions))


class FixedDecoder(nn.Module):
    """Gives the same logits at each place, whatever it is given."""

    def __init__(self, logits: list[float]) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def start(self, context: Tensor) -> tuple[Tensor, ...]:
        return (context,)

    def forward(self, tokens: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        return self.logits.expand(*tokens.shape, -1), state


class EndingDecoder(nn.Module):
    """Ends each caption at its own length; the state is how many tokens are left."""

    def __init__(self, lengths: list[int]) -> None:
        super().__init__()
        self.lengths = torch.tensor(lengths)

    def start(self, context: Tensor) -> tuple[Tensor, ...]:
        return (self.lengths,)

    def forward(self, tokens: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        left = state[0] - 1
        next_tokens = torch.where(left == 0, END, A)
        return 20 * torch.nn.functional.one_hot(next_tokens, 6).float().unsqueeze(1), (left,)


def test_another_picture_gives_another_distribution() -> None:
    model = tiny_model().eval()
    tokens = torch.tensor([[BEGIN, A]])

    one, other = (model(picture, tokens).softmax(dim=2) for picture in tiny_pictures(2).split(1))

    assert (one - other).abs().max() > 1e-3


def test_the_encoders_gradients_are_not_zero() -> None:
    model = tiny_model()
    model.training_step(_batch([BEGIN, A, B, END], [BEGIN, B, END]), 0).backward()

    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_targets_are_the_next_tokens_with_the_end_and_without_padding() -> None:
    probabilities = torch.tensor([0.05, 0.05, 0.1, 0.1, 0.3, 0.4])
    model = tiny_model(FixedDecoder(probabilities.log().tolist()))

    loss = model.training_step(_batch([BEGIN, A, B, END], [BEGIN, A, END]), 0)

    wanted = -sum(math.log(p) for p in (0.3, 0.4, 0.1, 0.3, 0.1)) / 5  # a b end, a end
    assert float(loss.detach()) == pytest.approx(wanted, rel=1e-5)


def test_padding_counts_in_no_score() -> None:
    probabilities = torch.tensor([0.05, 0.05, 0.1, 0.1, 0.3, 0.4])
    model = tiny_model(FixedDecoder(probabilities.log().tolist())).eval()

    model.validation_step(_batch([BEGIN, A, B, END], [BEGIN, A, END]), 0)

    wanted = -sum(math.log(p) for p in (0.3, 0.4, 0.1, 0.3, 0.1)) / 5
    scores = model.val_scores.compute()
    assert float(scores["val_loss"]) == pytest.approx(wanted, rel=1e-5)
    assert float(scores["val_perplexity"]) == pytest.approx(math.exp(wanted), rel=1e-4)
    assert float(scores["val_token_accuracy"]) == pytest.approx(1 / 5)  # b is said each time


def test_padding_begin_and_unknown_are_never_generated() -> None:
    logits = [0.0] * 6
    for token in (PAD, BEGIN, UNKNOWN):
        logits[token] = 9.0
    logits[A] = 1.0
    model = tiny_model(FixedDecoder(logits))

    for generation in (GreedySearch(), BeamSearch(num_beams=2)):
        tokens = model.generate(tiny_pictures(2), generation).tokens

        assert not torch.isin(tokens, torch.tensor([BEGIN, UNKNOWN])).any()
    assert model.describe(tiny_pictures(1)) == ["a a a a"]


def test_augmentation_is_for_training_alone() -> None:
    model = tiny_model(augmentation=torch.zeros_like)
    tokens = torch.tensor([[BEGIN], [BEGIN]])

    trained = model.train()(tiny_pictures(2), tokens)
    evaluated = model.eval()(tiny_pictures(2), tokens)

    torch.testing.assert_close(trained[0], trained[1])
    assert not torch.allclose(evaluated[0], evaluated[1])


def test_each_of_several_captions_is_drawn() -> None:
    text = torch.full((1, 3, 3), PAD)
    text[0, 0] = torch.tensor([BEGIN, A, END])
    text[0, 1] = torch.tensor([BEGIN, B, END])
    torch.manual_seed(0)

    drawn = draw_captions(text.expand(400, -1, -1))

    assert 150 < int((drawn[:, 1] == A).sum()) < 250
    assert int((drawn[:, 1] == PAD).sum()) == 0


def test_all_captions_that_are_there_are_listed_with_their_picture() -> None:
    text = torch.tensor([[[BEGIN, A, END], [PAD] * 3], [[BEGIN, B, END], [BEGIN, END, PAD]]])

    rows, captions = list_captions(text)

    assert rows.tolist() == [0, 1, 1]
    assert captions.tolist() == [[BEGIN, A, END], [BEGIN, B, END], [BEGIN, END, PAD]]


def test_samples_are_spread_over_the_first_batch() -> None:
    model = tiny_model(num_samples=2).eval()
    batch = _batch([BEGIN, A, END], [BEGIN, B, END], [BEGIN, END])

    model.validation_step(batch, 0)

    assert [torch.equal(s.picture, p) for s, p in zip(model.samples, batch.pictures[[0, 2]], strict=True)]
    assert len(model.samples) == 2


@pytest.mark.parametrize("generation", [GreedySearch(), BeamSearch(num_beams=3)])
def test_a_picture_is_encoded_once_for_all_of_its_captions_words_and_beams(generation: Generation) -> None:
    model = tiny_model(generation=generation).eval()
    sizes = []
    model.image_encoder.register_forward_hook(lambda _, inputs, output: sizes.append(len(inputs[0])))

    model.generate(tiny_pictures(3))
    assert sizes == [3]

    model.validation_step(_batch([BEGIN, A, END], [BEGIN, B, A, END]), 0)
    assert sizes == [3, 2]
