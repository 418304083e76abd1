"""Generation from a decoder whose distribution is known."""

import math
from collections.abc import Mapping
from itertools import product

import pytest
import torch
from torch import Tensor

from nested_lightning.app.image_to_text.generation.beam import BeamSearch
from nested_lightning.app.image_to_text.generation.greedy import GreedySearch
from nested_lightning.app.image_to_text.generation.sampling import NucleusSampling
from nested_lightning.app.image_to_text.generation.search import Generation, SpecialTokens, State

PAD, BEGIN, END, A, B, C = range(6)
SPECIAL = SpecialTokens(begin=BEGIN, end=END, pad=PAD)

Table = Mapping[tuple[int, ...], Mapping[int, float]]

GARDEN_PATH: Table = {
    (): {A: 0.6, B: 0.4},
    (A,): {A: 0.3, B: 0.3, END: 0.4},  # greedy goes here: 0.24 in all
    (B,): {C: 0.9, END: 0.1},
    (B, C): {END: 1.0},  # the best whole caption: 0.36 in all
}
"""Probabilities of the next token behind each beginning; where none is given, the caption ends."""


class KnownDecoder:
    """Steps through known probabilities; its state is what each caption read so far."""

    def __init__(self, *tables: Table) -> None:
        self.tables = tables
        self.num_rows: list[int] = []

    def start(self) -> State:
        which = torch.arange(len(self.tables)).unsqueeze(1)
        return (which, torch.zeros(len(self.tables), 0, dtype=torch.int64))

    def __call__(self, last: Tensor, state: State) -> tuple[Tensor, State]:
        self.num_rows.append(len(last))
        which, read = state
        read = torch.cat([read, last.unsqueeze(1)], dim=1)
        rows = [
            self.tables[number].get(tuple(t for t in tokens[1:] if t != PAD), {END: 1.0})
            for number, tokens in zip(which.flatten().tolist(), read.tolist(), strict=True)
        ]
        probabilities = torch.tensor([[row.get(token, 0.0) for token in range(6)] for row in rows])
        return probabilities.log(), (which, read)


def _generate(generation: Generation, *tables: Table) -> list[list[int]]:
    decoder = KnownDecoder(*tables)
    found = generation(decoder, decoder.start(), special=SPECIAL, max_length=6)
    return [[token for token in row if token != PAD] for row in found.tokens.tolist()]


def _probability(table: Table, tokens: tuple[int, ...]) -> float:
    steps = (table.get(tokens[:i], {END: 1.0}).get(token, 0.0) for i, token in enumerate(tokens))
    return math.prod(steps)


def _random_table(seed: int) -> dict[tuple[int, ...], dict[int, float]]:
    generator = torch.Generator().manual_seed(seed)
    table = {}
    for length in range(3):
        for beginning in product((A, B, C), repeat=length):
            weights = torch.rand(4, generator=generator).pow(3).tolist()
            total = sum(weights)
            table[beginning] = {t: w / total for t, w in zip((END, A, B, C), weights, strict=True)}
    return table


def test_greedy_search_takes_the_most_probable_token_and_misses_the_best_caption() -> None:
    assert _generate(GreedySearch(), GARDEN_PATH) == [[A, END]]


def test_beam_search_finds_the_best_caption_where_greedy_does_not() -> None:
    assert _generate(BeamSearch(num_beams=2), GARDEN_PATH) == [[B, C, END]]


@pytest.mark.parametrize("seed", range(4))
def test_beams_that_are_kept_are_the_best_captions_in_their_order(seed: int) -> None:
    table = _random_table(seed)
    captions = [(*words, END) for length in range(4) for words in product((A, B, C), repeat=length)]
    decoder = KnownDecoder(table)

    found = BeamSearch(num_beams=40, keeps_all=True)(decoder, decoder.start(), special=SPECIAL, max_length=6)

    best = sorted((_probability(table, tokens) for tokens in captions), reverse=True)
    scores = [
        float(one.log_probabilities.exp()) for one in found.alternatives if one.log_probabilities > -math.inf
    ]
    assert scores == pytest.approx([one for one in best if one], rel=1e-4)
    assert torch.equal(found.tokens, found.alternatives[0].tokens)


def test_one_beam_is_greedy_search() -> None:
    for seed in range(5):
        table = _random_table(seed)
        assert _generate(BeamSearch(num_beams=1), table) == _generate(GreedySearch(), table)


@pytest.mark.parametrize("seed", range(8))
def test_many_beams_find_the_best_of_all_captions(seed: int) -> None:
    table = _random_table(seed)
    captions = [(*words, END) for length in range(4) for words in product((A, B, C), repeat=length)]
    best = max(captions, key=lambda tokens: _probability(table, tokens))

    assert _generate(BeamSearch(num_beams=30), table) == [list(best)]


def test_log_probabilities_are_those_of_the_whole_caption() -> None:
    for generation, wanted in ((GreedySearch(), 0.24), (BeamSearch(num_beams=3), 0.36)):
        decoder = KnownDecoder(GARDEN_PATH)
        found = generation(decoder, decoder.start(), special=SPECIAL, max_length=6)

        torch.testing.assert_close(found.log_probabilities, torch.tensor([math.log(wanted)]))


@pytest.mark.parametrize("generation", [GreedySearch(), BeamSearch(num_beams=3), NucleusSampling(seed=1)])
def test_a_batch_gives_what_each_caption_gives_alone(generation: Generation) -> None:
    tables: list[Table] = [GARDEN_PATH, {(): {END: 1.0}}, {(): {C: 1.0}, (C,): {C: 1.0}, (C, C): {A: 1.0}}]

    together = _generate(generation, *tables)

    assert together[1:] == [[END], [C, C, A, END]]
    if not isinstance(generation, NucleusSampling):
        assert together == [_generate(generation, table)[0] for table in tables]


@pytest.mark.parametrize("generation", [GreedySearch(), BeamSearch(num_beams=3), NucleusSampling()])
def test_generation_stops_when_every_caption_has_ended(generation: Generation) -> None:
    decoder = KnownDecoder({(): {A: 1.0}}, {(): {END: 1.0}})

    found = generation(decoder, decoder.start(), special=SPECIAL, max_length=50)

    assert len(decoder.num_rows) == 2
    assert found.tokens.tolist() == [[A, END], [END, PAD]]


LENGTHS: list[Table] = [
    {(): {END: 1.0}},
    {(): {A: 1.0}, (A,): {A: 1.0}, (A, A): {A: 1.0}},
    {(): {B: 1.0}},
]
"""Captions that end behind one, four and two tokens."""


@pytest.mark.parametrize("generation", [GreedySearch(), BeamSearch(num_beams=3), NucleusSampling()])
def test_captions_that_have_ended_are_left_out_of_the_steps(generation: Generation) -> None:
    decoder = KnownDecoder(*LENGTHS)

    found = generation(decoder, decoder.start(), special=SPECIAL, max_length=6)

    assert decoder.num_rows == [3, 2, 1, 1]
    assert found.tokens.tolist() == [[END, PAD, PAD, PAD], [A, A, A, END], [B, END, PAD, PAD]]


def test_beams_of_all_captions_that_may_still_win_are_stepped_together() -> None:
    decoder = KnownDecoder(GARDEN_PATH, {(): {END: 0.9, A: 0.1}}, GARDEN_PATH)

    found = BeamSearch(num_beams=2)(decoder, decoder.start(), special=SPECIAL, max_length=6)

    assert decoder.num_rows == [3, 4, 2]  # the second is decided at once, then (A, END) is ended
    assert found.tokens.tolist() == [[B, C, END], [END, PAD, PAD], [B, C, END]]


@pytest.mark.parametrize("generation", [GreedySearch(), BeamSearch(num_beams=2), NucleusSampling()])
def test_a_caption_that_never_ends_is_cut_at_the_longest_length(generation: Generation) -> None:
    endless = {(A,) * length: {A: 1.0} for length in range(9)}
    decoder = KnownDecoder(endless)

    found = generation(decoder, decoder.start(), special=SPECIAL, max_length=4)

    assert found.tokens.tolist() == [[A] * 4]


def test_length_penalty_prefers_longer_captions() -> None:
    table = {(): {END: 0.4, A: 0.6}, (A,): {B: 0.6, C: 0.4}}  # 0.4 at once, 0.36 behind two words

    assert _generate(BeamSearch(num_beams=4, length_penalty=0.0), table) == [[END]]
    assert _generate(BeamSearch(num_beams=4, length_penalty=2.0), table) == [[A, B, END]]


def test_sampling_draws_the_same_from_one_seed_and_others_from_others() -> None:
    table = _random_table(0)
    drawn = [_generate(NucleusSampling(top_p=1.0, seed=seed), *[table] * 20) for seed in (1, 1, 2)]

    assert drawn[0] == drawn[1] != drawn[2]


def test_sampling_draws_with_the_probabilities_of_the_nucleus() -> None:
    table: Table = {(): {A: 0.5, B: 0.3, C: 0.2}}

    drawn = _generate(NucleusSampling(top_p=0.7, seed=0), *[table] * 2000)
    share = sum(caption[0] == A for caption in drawn) / 2000

    assert {caption[0] for caption in drawn} == {A, B}
    assert abs(share - 0.5 / 0.8) < 0.04


def test_a_nucleus_smaller_than_the_first_token_is_greedy() -> None:
    assert _generate(NucleusSampling(top_p=0.01), GARDEN_PATH) == [[A, END]]


def test_a_low_temperature_draws_the_most_probable_token() -> None:
    drawn = _generate(NucleusSampling(top_p=1.0, temperature=0.01), *[GARDEN_PATH] * 50)

    assert drawn == [[A, END]] * 50
