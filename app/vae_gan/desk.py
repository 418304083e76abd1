"""Pictures of a `VaeGan` over HTTP: new ones by number, domain and seed, or rebuilt ones."""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from nested_lightning.app.pictures.encoding import encode_picture
from nested_lightning.app.serving.desk import Answer, Asked, Description, Limits, Part, split_answers
from nested_lightning.app.serving.forms import (
    FORM,
    JSON,
    PICTURES,
    PNG,
    body_schema,
    form_schema,
    parse_json,
    read_as,
)
from nested_lightning.app.serving.pictures import check_pictures
from nested_lightning.app.serving.problems import Problem, unprocessable
from nested_lightning.app.vae_gan.answers import MOST_COLUMNS
from nested_lightning.app.vae_gan.grids import Floats, to_bytes, write_grid
from nested_lightning.app.vae_gan.picture_maker import MadePictures, PictureMaker

_MAX_SEED = 2**32 - 1


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    sample: Annotated[int, Field(ge=1)]
    domain: str | None = None
    seed: Annotated[int, Field(ge=0, le=_MAX_SEED)] = 0


@dataclass(frozen=True, kw_only=True)
class _Originals:
    """Pictures that are rebuilt, [N, C, S, S], and the domain that all are of; None: as they look."""

    pictures: Floats
    domain: str | None


class VaeGanDesk:
    """Makes pictures."""

    def __init__(self, *, predictor: PictureMaker) -> None:
        self._predictor, self._spec = predictor, predictor.data_spec

    def describe(self, limits: Limits) -> Description:
        """Describe the domains."""
        spec, domain = self._spec, {"enum": [*self._spec.domains, None]}
        wish = {
            "sample": {"type": "integer", "minimum": 1, "maximum": limits.max_pictures},
            "domain": domain,
            "seed": {"type": "integer", "minimum": 0, "maximum": _MAX_SEED},
        }
        picture = {"type": "string", "contentEncoding": "base64", "contentMediaType": PNG}
        told = {"domain": {"enum": [*spec.domains]}, "png": picture, "original": picture}
        shape = {"image_size": spec.image_size, "channels": spec.channels}
        return Description(
            inputs={"domains": spec.domains, **shape, "max_samples": limits.max_pictures},
            answers={"kind": "pictures"},
            bodies={
                JSON: body_schema(wish, required=["sample"]),
                FORM: form_schema("domain", PICTURES),
            },
            answer={"type": "object", "properties": told, "required": ["domain", "png"]},
            example={"sample": 4, "domain": None, "seed": 0},
            formats={PNG: grid_of},
        )

    def read(self, asked: Asked, limits: Limits) -> Sequence[Part]:
        """Return the request for new pictures, or the pictures that were sent; see `Desk`."""
        if asked.content_type == JSON:
            return [self._wish(read_as(_Wish, parse_json(asked.body)), limits)]
        domain = asked.fields.get("domain") or None
        self._check_domain(domain)
        uploads = check_pictures(asked.files.get(PICTURES, ()), limits)
        pictures = self._predictor.decode([one.content for one in uploads])
        size = limits.max_batch_size
        pieces = [pictures[start : start + size] for start in range(0, len(pictures), size)]
        return [
            Part(
                content=_Originals(pictures=each, domain=domain), num_rows=len(each), key=("rebuilt", domain)
            )
            for each in pieces
        ]

    def compute(self, contents: Sequence[_Wish | _Originals]) -> Sequence[Sequence[Answer]]:
        """Return a picture for each that was requested or sent."""
        first = contents[0]
        if isinstance(first, _Wish):
            return [_told(self._predictor.sample(first.sample, domain=first.domain, seed=first.seed))]
        originals = [each.pictures for each in contents if isinstance(each, _Originals)]
        answers = _told(self._predictor.rebuild(np.concatenate(originals), domain=first.domain))
        return split_answers(answers, map(len, originals))

    def example(self, limits: Limits) -> Sequence[Part]:
        """Return a request for a picture of each domain."""
        return [Part(content=_Wish(sample=1, domain=name), num_rows=1) for name in self._spec.domains]

    def _wish(self, wish: _Wish, limits: Limits) -> Part:
        self._check_domain(wish.domain)
        if wish.sample > limits.max_pictures:
            raise Problem(
                413, f"{wish.sample:,} pictures are more than {limits.max_pictures:,}; ask for fewer"
            )
        return Part(content=wish, num_rows=wish.sample)  # alone, as it is drawn from its own seed

    def _check_domain(self, domain: str | None) -> None:
        if domain is not None and domain not in self._spec.domains:
            raise unprocessable(f"should be one of {', '.join(self._spec.domains)}", field="domain")


def grid_of(answers: Sequence[Answer]) -> bytes:
    """Return the grid of pictures that ``predict`` writes, as PNG."""
    pictures = np.stack([_decoded(one["png"]) for one in answers])
    originals, num_columns = None, math.isqrt(len(answers) - 1) + 1
    if "original" in answers[0]:
        originals = np.stack([_decoded(one["original"]) for one in answers])
        num_columns = min(len(answers), MOST_COLUMNS)
    return write_grid(pictures, originals, num_columns=num_columns, format_="png")


def _told(made: MadePictures) -> list[Answer]:
    pictures = zip(made.domains, made.pictures, strict=True)
    told: list[Answer] = [{"domain": domain, "png": _encoded(picture)} for domain, picture in pictures]
    if made.originals is None:
        return told
    return [{**one, "original": _encoded(each)} for one, each in zip(told, made.originals, strict=True)]


def _encoded(picture: Any) -> str:
    """Return a picture of [C, S, S] as PNG in base64."""
    return base64.b64encode(encode_picture(to_bytes(np.asarray(picture)))).decode()


def _decoded(text: str) -> Floats:
    """Return what `_encoded` encoded."""
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        values = np.atleast_3d(np.asarray(image))
    return values.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
