"""Folders of parts as libraries write them, tiny and untrained."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

PICTURE_SIZE = 16
PREPROCESSOR = {
    "do_normalize": True,
    "do_resize": True,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.5, 0.25, 0.5],
    "resample": 2,
    "size": {"height": PICTURE_SIZE, "width": PICTURE_SIZE},
}


def write_vision_transformer(folder: Path, *, num_layers: int = 2, **preprocessor: Any) -> Path:
    """Write a picture classifier of transformers of three classes; return its folder."""
    transformers = pytest.importorskip("transformers", reason="the extra pretrained is not installed")
    config = transformers.ViTConfig(
        image_size=PICTURE_SIZE,
        patch_size=4,
        hidden_size=8,
        num_hidden_layers=num_layers,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=3,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        transformers.ViTForImageClassification(config).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR | preprocessor))
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# A part\n")
    return folder


def write_convolutions(folder: Path) -> Path:
    """Write a picture classifier of transformers that has running statistics; return its folder."""
    transformers = pytest.importorskip("transformers", reason="the extra pretrained is not installed")
    config = transformers.ResNetConfig(
        embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic", num_labels=2
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        transformers.ResNetForImageClassification(config).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    return folder


WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "food", "film", "was", "the")


def write_text_encoder(folder: Path) -> Path:
    """Write a small text encoder of transformers, with a tokenizer of few words; return its folder."""
    transformers = pytest.importorskip("transformers", reason="the extra pretrained is not installed")
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        transformers.BertModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=24).save_pretrained(
        folder
    )
    return folder
