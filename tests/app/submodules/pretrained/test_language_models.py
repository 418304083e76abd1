"""Language models of transformers as text decoders: the same numbers as the library's own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nested_lightning.app.errors import UserError
from nested_lightning.app.submodules.pretrained.language_models import TransformersTextDecoder
from nested_lightning.app.submodules.pretrained.tokenizer_files import preparation
from nested_lightning.app.submodules.pretrained.transformers_parts import describe
from tests.app.submodules.pretrained.part_folders import END_OF_TEXT, write_gpt2, write_llama

transformers = pytest.importorskip("transformers", reason="the extra pretrained is not installed")

Write = Callable[..., Path]
PAD, BEGIN, END, UNKNOWN = range(4)


def write_gpt2_that_attends(folder: Path) -> Path:
    return write_gpt2(folder, add_cross_attention=True)


WRITERS = [write_gpt2, write_gpt2_that_attends, write_llama]


def _decoder(folder: Path, *, loaded: bool = True, **options: Any) -> TransformersTextDecoder:
    own = preparation(weights=str(folder))
    ids = own.ids((own.pad, own.begin, own.end, own.unknown, *own.words))
    torch.manual_seed(0)
    decoder = TransformersTextDecoder(
        in_features=6,
        out_features=len(ids),
        role="attention",
        token_ids=ids,
        weights=str(folder),
        **{"config": describe(weights=str(folder))["config"], "max_length": 9, **options},
    )
    if loaded:
        decoder.load_first_weights()
    return decoder.eval()


def _context(num: int = 3) -> Tensor:
    return torch.randn(num, 4, 6, generator=torch.Generator().manual_seed(1))


TOKENS = torch.tensor([[BEGIN, 4, 5, 6], [BEGIN, 7, 8, END], [BEGIN, END, PAD, PAD]])


@pytest.mark.parametrize("write", WRITERS)
def test_logits_are_those_of_the_library(tmp_path: Path, write: Write) -> None:
    folder, context = write(tmp_path), _context()
    decoder = _decoder(folder)
    own = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = decoder.token_ids[TOKENS]

    with torch.no_grad():
        logits, _ = decoder(TOKENS, decoder.start(context))
        seen = decoder.context(context)
        if write is write_gpt2_that_attends:
            theirs = own(input_ids=ids, encoder_hidden_states=seen).logits
        else:
            embedded = torch.cat([seen, own.get_input_embeddings()(ids)], dim=1)
            theirs = own(inputs_embeds=embedded).logits[:, seen.shape[1] :]

    has_own = [place for place in range(logits.shape[2]) if not decoder.is_lacking[place]]
    torch.testing.assert_close(
        logits[:, :, has_own], theirs[:, :, decoder.token_ids[has_own]], atol=1e-5, rtol=0
    )
    known = theirs[:, :, decoder.token_ids[has_own]].log_softmax(dim=2)
    torch.testing.assert_close(logits.log_softmax(dim=2)[:, :, has_own], known, atol=1e-5, rtol=0)


@pytest.mark.parametrize("write", WRITERS)
def test_a_caption_read_step_by_step_is_read_as_at_once(tmp_path: Path, write: Write) -> None:
    decoder, context = _decoder(write(tmp_path)), _context()

    at_once, _ = decoder(TOKENS, decoder.start(context))
    state, steps = decoder.start(context), []
    for column in TOKENS.unbind(dim=1):
        logits, state = decoder(column.unsqueeze(1), state)
        steps.append(logits)
    order = torch.tensor([2, 0])
    turned, _ = decoder(TOKENS[order, :2], tuple(one[order] for one in state))
    straight, _ = decoder(TOKENS[:, :2], state)

    torch.testing.assert_close(torch.cat(steps, dim=1), at_once, atol=1e-5, rtol=0)
    torch.testing.assert_close(turned, straight[order], atol=1e-5, rtol=0)


@pytest.mark.parametrize("write", WRITERS)
def test_the_picture_changes_the_first_token_and_all_weights_learn(tmp_path: Path, write: Write) -> None:
    decoder, context = _decoder(write(tmp_path)), _context().requires_grad_()

    logits, _ = decoder(TOKENS, decoder.start(context))
    torch.nn.functional.cross_entropy(logits[:, 0], torch.tensor([4, END, 6]), label_smoothing=0.1).backward()

    assert not torch.allclose(logits[0, 0], logits[1, 0])
    assert context.grad is not None
    assert context.grad.isfinite().all()
    assert (context.grad.flatten(1).abs().sum(dim=1) > 0).all()
    assert all(one.grad is not None for one in decoder.parameters())


@pytest.mark.parametrize("model_type", ["bert", "trocr"])
def test_other_models_that_attend_are_read_from_left_to_right(model_type: str) -> None:
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    named = {"d_model": 8, "decoder_layers": 1, "decoder_attention_heads": 2, "decoder_ffn_dim": 8}
    config = {"model_type": model_type, "vocab_size": 12, **(sizes if model_type == "bert" else named)}
    decoder = TransformersTextDecoder(
        in_features=6, out_features=12, role="attention", config=config, add_cross_attention=True
    ).eval()
    state, steps = decoder.start(_context()), []

    at_once, _ = decoder(TOKENS, state)
    for column in TOKENS.unbind(dim=1):
        logits, state = decoder(column.unsqueeze(1), state)
        steps.append(logits)

    torch.testing.assert_close(torch.cat(steps, dim=1), at_once, atol=1e-5, rtol=0)


def test_a_new_cross_attention_is_named_and_all_else_is_loaded(tmp_path: Path) -> None:
    folder = write_gpt2(tmp_path)
    decoder = _decoder(folder, loaded=False, add_cross_attention=True)
    before = {name: value.clone() for name, value in decoder.network.state_dict().items()}

    said = decoder.load_first_weights()

    given, after = load_file(folder / "model.safetensors"), decoder.network.state_dict()
    new = {name for name, value in after.items() if torch.equal(value, before[name]) and name not in given}
    new -= {"lm_head.weight"}
    assert all("cross" in name for name in new)
    assert len(new) == 16
    assert all(torch.equal(after[name], value) for name, value in given.items())
    assert said is not None
    assert "29 of 45 tensors" in said
    assert "new: 'transformer.h.0.crossattention.c_attn.bias'" in said


def test_cross_attention_of_which_a_part_is_missing_is_refused(tmp_path: Path) -> None:
    file = write_gpt2_that_attends(tmp_path) / "model.safetensors"
    tensors = load_file(file)
    del tensors["transformer.h.1.crossattention.q_attn.weight"]
    save_file(tensors, file, metadata={"format": "pt"})

    with pytest.raises(UserError, match=r"1 tensor of 45 missing there: '.*h\.1\.crossattention\.q_attn"):
        _decoder(tmp_path)


@pytest.mark.parametrize(
    ("write", "options", "message"),
    [
        (write_llama, {"add_cross_attention": True}, "'llama' can't have any; leave it out"),
        (write_llama, {"config": {"model_type": "vit"}}, "no causal language model of model_type 'vit'"),
        (
            write_gpt2,
            {"config": {"model_type": "gpt2", "vocab_size": 9}},
            "its model has 9 tokens",
        ),
        (write_gpt2, {"config": {"model_type": "gpt2", "n_embd": 9, "n_head": 2}}, "must be divisible"),
    ],
)
def test_what_a_model_does_not_take_is_refused(
    tmp_path: Path, write: Write, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        _decoder(write(tmp_path), loaded=False, **options)


def test_captions_that_have_no_place_in_the_model_are_refused(tmp_path: Path) -> None:
    decoder = _decoder(write_gpt2(tmp_path), loaded=False, max_length=45)

    with pytest.raises(ValueError, match="48 positions at most, fewer than 4 of the picture and 45"):
        decoder.start(_context())


@pytest.mark.parametrize("model_type", ["mamba", "xlnet"])
def test_a_model_without_keys_and_values_is_refused(model_type: str) -> None:
    sizes = {"vocab_size": 12, "hidden_size": 8, "num_hidden_layers": 1}
    of_xlnet = {"d_model": 8, "n_layer": 1, "n_head": 2, "d_inner": 8}
    config = {"model_type": model_type, **sizes, **(of_xlnet if model_type == "xlnet" else {})}

    with pytest.raises(ValueError, match="doesn't read token by token with keys and values"):
        TransformersTextDecoder(in_features=6, out_features=12, role="attention", config=config)


def test_tokens_of_a_tokenizer_are_text_again(tmp_path: Path) -> None:
    bytes_, words = preparation(weights=str(write_gpt2(tmp_path / "a"))), None
    words = preparation(weights=str(write_llama(tmp_path / "b")))

    assert bytes_.join(bytes_.split("a red disc \N{SNOWMAN}")) == "a red disc \N{SNOWMAN}"
    assert (bytes_.begin, bytes_.end, bytes_.pad, bytes_.unknown) == (END_OF_TEXT, END_OF_TEXT, None, None)
    assert bytes_.join(bytes_.split(f"a {END_OF_TEXT} disc")) == f"a {END_OF_TEXT} disc"
    assert END_OF_TEXT not in bytes_.split(f"a {END_OF_TEXT} disc")
    assert words.split("a mauve disc") == ["a", "<unk>", "disc"]
    assert (words.begin, words.end, words.pad, words.unknown) == ("<s>", "</s>", "<pad>", "<unk>")
    assert words.words == ("a", "bar", "blue", "box", "disc", "green", "red")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("tokenizer.json", None, r"has no tokenizer\.json"),
        ("tokenizer.json", {"model": {}}, r"tokenizer\.json: .*damaged"),
        ("tokenizer_config.json", {}, "no token that ends a text"),
        ("tokenizer_config.json", {"eos_token": "<end>"}, "no token that ends a text"),
    ],
)
def test_what_a_tokenizer_lacks_is_named(
    tmp_path: Path, file: str, content: dict[str, Any] | None, message: str
) -> None:
    folder = write_llama(tmp_path, eos_token_id=None)
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(json.dumps(content))

    with pytest.raises(UserError, match=message):
        preparation(weights=str(folder))


def test_a_tokenizer_that_leaves_out_what_it_does_not_know_is_refused(tmp_path: Path) -> None:
    file = write_llama(tmp_path) / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    vocabulary = tokenizer["model"]["vocab"]
    tokenizer["model"] = {"type": "BPE", "vocab": vocabulary, "merges": []}
    file.write_text(json.dumps(tokenizer))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>"}))

    with pytest.raises(UserError, match="leaves out what it doesn't know"):
        preparation(weights=str(tmp_path))


def test_the_end_of_a_text_may_stand_in_the_config_alone(tmp_path: Path) -> None:
    folder = write_llama(tmp_path, eos_token_id=[2, 5], bos_token_id=1)
    (folder / "tokenizer_config.json").unlink()

    found = preparation(weights=str(folder))

    assert (found.begin, found.end, found.pad, found.unknown) == ("<s>", "</s>", None, "<unk>")
