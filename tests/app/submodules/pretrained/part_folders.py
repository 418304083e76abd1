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


CAPTIONS = tuple(
    f"a {colour} {shape}" for colour in ("red", "green", "blue") for shape in ("disc", "bar", "box")
)
END_OF_TEXT = "<|endoftext|>"


def write_gpt2(folder: Path, **config: Any) -> Path:
    """Write a small GPT-2 whose tokenizer knows all bytes and has one special token; return its folder."""
    tokenizers = pytest.importorskip("tokenizers", reason="the extra pretrained is not installed")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=280,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(CAPTIONS, trainer)
    sizes = {"n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 48, "vocab_size": made.get_vocab_size()}
    special = {"bos_token_id": 0, "eos_token_id": 0}
    return _write_language_model(folder, "gpt2", made, sizes | special | config, eos_token=END_OF_TEXT)


def write_llama(folder: Path, **config: Any) -> Path:
    """Write a small Llama whose tokenizer knows words and four special tokens; return its folder."""
    tokenizers = pytest.importorskip("tokenizers", reason="the extra pretrained is not installed")
    special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    words = sorted({word for caption in CAPTIONS for word in caption.split()})
    ids = {word: number for number, word in enumerate([*special.values(), *words])}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(ids, unk_token="<unk>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.add_special_tokens([*special.values()])
    sizes = {
        "hidden_size": 8,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 64,
        "vocab_size": len(ids) + 5,  # more than the tokenizer knows, as is common
    }
    return _write_language_model(folder, "llama", made, sizes | config, **special)


def _write_language_model(
    folder: Path, model_type: str, tokenizer: Any, config: dict[str, Any], **special: str
) -> Path:
    transformers = pytest.importorskip("transformers", reason="the extra pretrained is not installed")
    known = transformers.AutoConfig.for_model(model_type, **config)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        transformers.AutoModelForCausalLM.from_config(known).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(special))
    return folder
