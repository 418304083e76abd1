"""Text encoders of transformers in front of variants' decoders: the library's own numbers, and trainings."""

from pathlib import Path
from typing import Any

import pytest
import torch

import nested_lightning as nl
from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.pretrained.step_texts import TransformersStepAdapter
from nested_lightning.app.submodules.pretrained.texts import preparation
from nested_lightning.app.variant.pieces import encode_pieces, fit_pieces
from nested_lightning.containers.checking.model_check import check_application
from tests.app.submodules.pretrained.part_folders import WORDS, write_text_encoder
from tests.tiny_variants import write_lines

transformers = pytest.importorskip("transformers", reason="the extra pretrained is not installed")

WORDS_OF = ["the", "food", "was", "good"]


def _application(part: Path, folder: Path, **more: Any) -> Any:
    """Two variants: words with a label each, and texts with one label."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    write_lines(
        data / "words.jsonl",
        [
            {"tokens": [*WORDS_OF, "bad"][: 2 + n % 4], "labels": [0, 1, 0, 1, 1][: 2 + n % 4]}
            for n in range(30)
        ],
    )
    write_lines(
        data / "moods.jsonl",
        [
            {"text": f"the {kind} was {kind} {mood}", "label": mood}
            for kind in ("food", "film")
            for mood in ("good", "bad")
            for _ in range(8)
        ],
    )
    return nl.bootstrap(
        {
            "model": "variant",
            "run_dir": str(folder / "run"),
            "trainer": {"max_epochs": 2, "accelerator": "cpu", "use_progress_bar": False},
            "variant": {
                "data": {"path": str(data), "batch_size": 4},
                "decoder": {"hidden_features": 8},
                "token_adapter": {"kind": "transformers", "weights": str(part), "out_features": 6},
            },
            **more,
        }
    )


def _adapter(part: Path, inputs: list[Any], *, has_step_labels: bool) -> tuple[Any, torch.Tensor]:
    spec = fit_pieces(preparation(weights=str(part)), inputs, has_step_labels=has_step_labels)
    adapter = TransformersStepAdapter(
        in_features=spec.num_pieces + 1, before=spec.before, after=spec.after, weights=str(part)
    ).eval()
    adapter.encoder.load_first_weights()
    rows = [*map(torch.from_numpy, encode_pieces(inputs, spec, has_step_labels=has_step_labels))]
    return adapter, torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


@pytest.mark.parametrize("has_step_labels", [True, False])
def test_a_step_has_what_the_library_makes_of_its_first_piece(tmp_path: Path, has_step_labels: bool) -> None:
    part = write_text_encoder(tmp_path / "part")
    texts = ["the food was good", "  bad film"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(part)
    own = transformers.AutoModel.from_pretrained(part).eval()
    adapter, pieces = _adapter(part, texts, has_step_labels=has_step_labels)

    with torch.no_grad():
        ours = adapter.encoder(pieces)
        given = tokenizer(texts, return_tensors="pt", padding=True, return_offsets_mapping=True)
        offsets = given.pop("offset_mapping")
        theirs = own(**given).last_hidden_state

    for row, text in enumerate(texts):
        starts = [int(start) for start, end in offsets[row] if end > 0]
        for place, start in enumerate(starts, start=1):
            step = start if has_step_labels else place - 1
            torch.testing.assert_close(ours[row, step], theirs[row, place], atol=1e-5, rtol=0)
        if has_step_labels:
            blank = text.index(" ", starts[0])
            assert torch.equal(ours[row, blank], ours[row, blank - 1])


def test_words_are_cut_into_pieces_and_read_beside_each_other(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    tokenizer = transformers.AutoTokenizer.from_pretrained(part)
    own = transformers.AutoModel.from_pretrained(part).eval()
    words = [["good", "!bad.", "", "film"], ["the", "food"]]
    adapter, pieces = _adapter(part, words, has_step_labels=True)

    given = tokenizer(words, is_split_into_words=True, return_tensors="pt", padding=True)
    with torch.no_grad():
        ours, theirs = adapter.encoder(pieces), own(**given).last_hidden_state

    assert pieces.shape == (2, 4, 3)  # '!bad.' is three pieces
    for row in range(2):
        named = given.word_ids(row)
        for step in set(named) - {None}:
            torch.testing.assert_close(ours[row, step], theirs[row, named.index(step)], atol=1e-5, rtol=0)
    torch.testing.assert_close(ours[0, 2], theirs[0, 4], atol=1e-5, rtol=0)  # '' has the last piece before


def test_a_training_and_its_checkpoint_without_the_part(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    policy = {"variant.adapters.*.encoder": {"freeze": True}}
    result = _application(part, tmp_path, submodules=policy).train()
    before = result.predictor.predict("words", [WORDS_OF, ["bad", "unheard"]])
    part.rename(tmp_path / "gone")

    again: Any = nl.from_checkpoint(result.best_checkpoint)
    after = again.variant.predictor().predict("words", [WORDS_OF, ["bad", "unheard"]])

    assert [len(one.classes) for one in after] == [4, 2]
    assert all(torch.equal(a.probabilities, b.probabilities) for a, b in zip(after, before, strict=True))
    assert len(again.variant.predictor().predict("moods", ["the food was good", " "])[1].classes) == 1
    assert {each.in_features for each in again.variant.data_spec().variants} == {len(WORDS) + 1}
    frozen = again.variant.model().adapters["words"].encoder.network.state_dict()
    own = transformers.AutoModel.from_pretrained(tmp_path / "gone").state_dict()
    assert all(torch.equal(frozen[name], own[name]) for name in frozen)


def test_a_check_builds_it_without_weights(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")

    report = check_application(_application(part, tmp_path))

    assert not report.faults
    rows = {row.path: row for row in report.rows}
    own = transformers.AutoModel.from_pretrained(part, add_pooling_layer=False)
    encoder = sum(one.numel() for one in own.parameters())
    assert rows["adapters.words"].num_parameters == encoder + 8 * 6 + 6


def test_what_is_longer_than_the_encoder_reads_is_refused_or_cut(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    predictor = _application(part, tmp_path).train().predictor

    with pytest.raises(
        UserError, match="30 steps of sequence 2 are 30 pieces to its encoder, which reads 22"
    ):
        predictor.predict("words", [["good"], ["good"] * 30])
    long, cut = predictor.predict("moods", ["good " * 22 + "bad " * 9, "good " * 22])
    assert torch.equal(long.probabilities, cut.probabilities)


def test_an_adapter_of_pieces_takes_no_vectors(tmp_path: Path) -> None:
    part = write_text_encoder(tmp_path / "part")
    rows = [{"vectors": [[0.5], [1.0 + n]], "label": n % 2} for n in range(12)]
    own = {"adapter": {"kind": "transformers", "weights": str(part)}}
    data = {"path": str(write_lines(tmp_path / "points.jsonl", rows))}
    settings = {"model": "variant", "variant": {"data": data, "variants": {"points": own}}}

    (fault,) = check_application(nl.bootstrap(settings)).faults

    assert "consists of vectors: choose another kind of adapter" in str(fault)
