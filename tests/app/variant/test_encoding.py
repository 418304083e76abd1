"""Vocabularies, statistics and tensors of sequences."""

import numpy as np
import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.variant.encoding import encode_inputs, fit_variant
from nested_lightning.app.variant.sequences import encode_records
from nested_lightning.app.variant.sources.records import (
    InputKind,
    Labels,
    RawSequence,
    Scaling,
    SequenceRecords,
    SourceContent,
)
from nested_lightning.app.variant.spec import VariantDataSpec, VariantSpec


def _content(
    kind: InputKind,
    inputs: list[RawSequence],
    *,
    scaling: Scaling = "each",
    labels: list[Labels] | None = None,
) -> SourceContent:
    labels = labels or [np.arange(len(sequence)) % 2 for sequence in inputs]
    train = SequenceRecords(inputs=inputs, labels=labels)
    empty = SequenceRecords()
    return SourceContent(
        kind=kind,
        class_names=("a", "b"),
        has_step_labels=True,
        parts={"train": train, "val": empty, "test": empty},
        window=4,
        margin=1,
        scaling=scaling,
    )


def _vectors(spec: VariantSpec, values: list[list[float]]) -> list[list[float]]:
    rows: list[list[float]] = encode_inputs([np.array(values, dtype=np.float32)], spec)[0].tolist()
    return rows


def test_characters_get_indices_and_unknown_or_single_ones_are_zero() -> None:
    spec = fit_variant("text", _content("characters", ["abba", "bx"]))
    (encoded,) = encode_inputs(["bax😀"], spec)

    assert spec.vocabulary == ("a", "b")
    assert spec.in_features == 3
    assert encoded.tolist() == [2, 1, 0, 0]


def test_tokens_get_indices() -> None:
    spec = fit_variant("words", _content("tokens", [["so", "so", "it"], ["it", "is"]]))

    assert spec.vocabulary == ("it", "so")
    assert encode_inputs([["so", "is", "it"]], spec)[0].tolist() == [2, 0, 1]


def test_vectors_are_standardised_feature_by_feature() -> None:
    values = np.array([[0, 5, 1], [2, 5, 3]], dtype=np.float32)
    spec = fit_variant("points", _content("vectors", [values]))

    assert spec.mean == (1.0, 5.0, 2.0)
    assert spec.scale == (1.0, 1.0, 1.0)  # the second is constant
    assert _vectors(spec, [[2, 5, 1]]) == [[1.0, 0.0, -1.0]]


def test_vectors_can_share_their_statistics_or_stay_as_they_are() -> None:
    values = np.array([[0, 4], [0, 4]], dtype=np.float32)
    shared = fit_variant("points", _content("vectors", [values], scaling="all"))
    plain = fit_variant("points", _content("vectors", [values], scaling="none"))

    assert _vectors(shared, [[0, 4]]) == [[-1.0, 1.0]]
    assert _vectors(plain, [[0, 4]]) == [[0.0, 4.0]]


def test_vectors_of_another_width_are_refused() -> None:
    spec = fit_variant("points", _content("vectors", [np.ones((2, 3), dtype=np.float32)]))

    with pytest.raises(UserError, match="'points': vectors of 2 numbers were given, and it takes 3"):
        _vectors(spec, [[1, 2]])


def test_counts_are_of_the_training_part() -> None:
    spec = fit_variant("text", _content("characters", ["abcde", "ab"]))

    assert spec.class_counts == (4, 3)
    assert spec.num_sequences == 3  # "abcde" makes two windows of 4


def test_an_empty_training_part_and_a_class_without_labels_are_refused() -> None:
    with pytest.raises(UserError, match=r"'text': the split leaves nothing to train on"):
        fit_variant("text", _content("characters", []))
    with pytest.raises(UserError, match=r"'text': the training part has nothing of class 'b'"):
        fit_variant("text", _content("characters", ["ab"], labels=[np.array([0, 0])]))


def test_records_become_windows_with_labels() -> None:
    content = _content("characters", ["abcde"])
    sequences = encode_records(content.parts["train"], fit_variant("text", content))

    assert len(sequences) == 2
    assert sequences.scored_labels().tolist() == [0, 1, 0, 1, 0]


def test_a_damaged_spec_is_refused_and_an_unknown_variant_lists_the_known() -> None:
    spec = VariantDataSpec(variants=(fit_variant("text", _content("characters", ["abba"])),))

    with pytest.raises(UserError, match=r"no data spec of the variant family: variants\.0\.kind"):
        VariantDataSpec.from_dict({"variants": [{**spec.to_dict()["variants"][0], "kind": "smells"}]})
    with pytest.raises(UserError, match=r"unknown variant 'txt'; did you mean 'text'\? \(known: text\)"):
        spec.find("txt")
