"""Labels of sequences over HTTP: texts, tokens and vectors as JSON, or one text by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from nested_lightning.app.errors import UserError
from nested_lightning.app.serving.desk import Answer, Asked, Description, Limits, Part
from nested_lightning.app.serving.forms import JSON, TEXT, body_schema, parse_json, read_as
from nested_lightning.app.serving.problems import Problem, unprocessable
from nested_lightning.app.variant.labelling import SequenceLabeller, SequencePrediction
from nested_lightning.app.variant.sources.fields import FIELDS, read_inputs
from nested_lightning.app.variant.sources.records import RawSequence
from nested_lightning.app.variant.spec import VariantSpec
from nested_lightning.app.variant.windows import cut_windows


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    variant: str | None = None
    inputs: Annotated[list[Any], Field(min_length=1)]
    probabilities: bool = False


@dataclass(frozen=True, kw_only=True)
class _Sequence:
    """A sequence of a request, and whether all of its probabilities are wanted."""

    variant: str
    sequence: RawSequence
    with_probabilities: bool


class VariantDesk:
    """Labels sequences."""

    def __init__(self, *, predictor: SequenceLabeller) -> None:
        self._predictor, self._spec = predictor, predictor.data_spec

    def describe(self, limits: Limits) -> Description:
        """Describe the variants, with their classes."""
        names = [*self._spec.names]
        return Description(
            inputs={"variants": [_describe(one) for one in self._spec.variants]},
            answers={"kind": "sequences"},
            bodies={JSON: self._body_schema(limits), TEXT: {"type": "string"}},
            answer={"type": "object", "properties": {"variant": {"enum": names}}, "required": ["variant"]},
            options={"variant": {"enum": names}},
            example={"variant": names[0], "inputs": [_example(self._spec.variants[0])]},
        )

    def read(self, asked: Asked, limits: Limits) -> Sequence[Part]:
        """Return the sequences, which their variant takes; see `Desk`."""
        body = self._read_body(asked)
        variant = self._find(body.variant)
        return [_part(variant, each, row, body.probabilities) for row, each in enumerate(body.inputs)]

    def compute(self, contents: Sequence[_Sequence]) -> Sequence[Sequence[Answer]]:
        """Return the labels of each sequence."""
        variant = self._spec.find(contents[0].variant)
        found = self._predictor.predict(variant.name, [each.sequence for each in contents])
        return [
            [_told(variant, prediction, content)] for prediction, content in zip(found, contents, strict=True)
        ]

    def example(self, limits: Limits) -> Sequence[Part]:
        """Return a sequence of each variant."""
        return [_part(one, _example(one), 0, False) for one in self._spec.variants]

    def _read_body(self, asked: Asked) -> _Body:
        if asked.content_type == TEXT:
            try:
                return _Body(variant=asked.options.get("variant"), inputs=[asked.body.decode()])
            except UnicodeDecodeError:
                raise Problem(400, "the text isn't UTF-8") from None
        return read_as(_Body, parse_json(asked.body), rows="inputs")

    def _find(self, name: str | None) -> VariantSpec:
        names = self._spec.names
        if name is None and len(names) == 1:
            return self._spec.variants[0]
        if name not in names:
            raise unprocessable(f"should be one of {', '.join(names)}", field="variant")
        return self._spec.find(name)

    def _body_schema(self, limits: Limits) -> dict[str, Any]:
        sequence = {"type": ["string", "array"]}
        inputs = {"type": "array", "items": sequence, "minItems": 1, "maxItems": limits.max_rows}
        properties = {
            "variant": {"enum": [*self._spec.names]},
            "inputs": inputs,
            "probabilities": {"type": "boolean"},
        }
        required = ["inputs"] + (["variant"] if len(self._spec.variants) > 1 else [])
        return body_schema(properties, required=required)


def _part(variant: VariantSpec, given: Any, row: int, with_probabilities: bool) -> Part:
    field, width = FIELDS[variant.kind], variant.in_features if variant.kind == "vectors" else None
    try:
        sequence = read_inputs({field: given}, variant.kind, width)
    except UserError as error:
        raise unprocessable(str(error), row=row, field="inputs") from None
    content = _Sequence(variant=variant.name, sequence=sequence, with_probabilities=with_probabilities)
    windows = cut_windows(len(sequence), window=variant.window, margin=variant.margin)
    return Part(content=content, num_rows=1, weight=sum(1 for _ in windows), key=variant.name)


def _example(variant: VariantSpec) -> Any:
    if variant.kind == "vectors":
        return [[float(f"{mean:.6g}") for mean in variant.mean]]
    known = variant.vocabulary[:3] or ("?",)
    return "".join(known) if variant.kind == "characters" else [*known]


def _describe(variant: VariantSpec) -> dict[str, Any]:
    return {
        "name": variant.name,
        "kind": variant.kind,
        "width": variant.in_features if variant.kind == "vectors" else None,
        "classes": variant.class_names,
        "labels": "steps" if variant.has_step_labels else "sequence",
    }


def _told(variant: VariantSpec, found: SequencePrediction, asked: _Sequence) -> Mapping[str, Any]:
    told: dict[str, Any] = {"variant": variant.name}
    labels, confidences = found.classes, found.confidences
    if not variant.has_step_labels:
        shares = dict(zip(found.class_names, found.probabilities[0].tolist(), strict=True))
        return {**told, "label": labels[0], "confidence": confidences[0], "probabilities": shares}
    if isinstance(asked.sequence, str):
        spans = [{"start": start, "stop": stop, "label": label} for start, stop, label in found.spans()]
        told |= {"spans": spans, "confidences": confidences}
    else:
        told |= {"labels": labels, "confidences": confidences}
    return {**told, "probabilities": found.probabilities.tolist()} if asked.with_probabilities else told
