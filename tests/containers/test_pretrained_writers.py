"""Text decoders that were trained elsewhere: in composites, checkpoints, and when their files are gone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

import nested_lightning as nl
from nested_lightning.app.checkpoints.model_file import export_safetensors
from nested_lightning.app.errors import UserError
from nested_lightning.app.image_to_text.generation.beam import BeamSearch
from nested_lightning.app.image_to_text.generation.greedy import GreedySearch
from nested_lightning.app.image_to_text.vocabulary import END, UNKNOWN
from nested_lightning.containers.checking.model_check import check_application
from nested_lightning.containers.starting.exporting import export_graphs
from nested_lightning.containers.starting.merging import merge_adapters
from tests.app.exported.without_packages import script_without
from tests.app.image_to_text.captioned_folder import write_folder
from tests.app.submodules.pretrained.part_folders import write_gpt2, write_llama
from tests.command_line import Program
from tests.quick_first import quick_first
from tests.untrained import as_if_trained

pytest.importorskip("transformers", reason="the extra pretrained is not installed")

_bootstrap: Any = nl.bootstrap
_from_checkpoint: Any = nl.from_checkpoint
DECODER = "image_to_text.text_decoder"
NETWORK = f"{DECODER}.network"
PICTURE = Path("data", "images", "red-disc-0.png")


def _attending_gpt2(folder: Path) -> Path:
    return write_gpt2(folder, add_cross_attention=True)


WRITERS = quick_first([write_llama, _attending_gpt2])


def _settings(tmp_path: Path, part: Path, **values: Any) -> dict[str, Any]:
    return {
        "model": "image-to-text",
        "run_dir": str(tmp_path / "run"),
        "trainer.max_epochs": 2,
        "trainer.accelerator": "cpu",
        "trainer.use_progress_bar": False,
        "trainer.num_threads": 1,
        "image_to_text.data.path": str(write_folder(tmp_path / "data")),
        "image_to_text.data.batch_size": 8,
        "image_to_text.data.picture_size": 16,
        "image_to_text.data.split": {"kind": "random", "val_fraction": 0.2},
        "image_to_text.image_encoder": {"kind": "plain", "hidden_channels": 4, "embedding_dim": 6},
        "image_to_text.bridge": {"kind": "attention", "out_features": 6},
        f"{DECODER}.kind": "transformers",
        f"{DECODER}.weights": str(part),
        **values,
    }


def _network_in(checkpoint: Path) -> dict[str, Tensor]:
    state = torch.load(checkpoint, weights_only=True)["state_dict"]
    begins = "text_decoder.network."
    return {name.removeprefix(begins): each for name, each in state.items() if name.startswith(begins)}


_IN_ANOTHER_PROCESS = """
import json, socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("a socket was opened")
socket.socket.connect = socket.getaddrinfo = refuse
import nested_lightning as nl
from PIL import Image
predictor = nl.from_checkpoint(sys.argv[1]).image_to_text.predictor()
(found,) = predictor.predict(Image.open(sys.argv[2]))
print(json.dumps([found.text, found.log_probability]))
"""


@pytest.mark.slow
def test_a_checkpoint_writes_the_same_in_another_process_when_the_files_have_gone(
    forked_code: Program, tmp_path: Path
) -> None:
    part = write_llama(tmp_path / "part")
    application = _bootstrap(_settings(tmp_path, part))
    result = application.train()
    (before,) = application.image_to_text.predictor().predict(Image.open(tmp_path / PICTURE))
    part.rename(tmp_path / "gone")

    done = forked_code(_IN_ANOTHER_PROCESS, str(result.best_checkpoint), str(tmp_path / PICTURE))

    assert done.returncode == 0, done.stderr
    text, score = json.loads(done.stdout.splitlines()[-1])
    assert text == before.text
    assert score == pytest.approx(before.log_probability, abs=1e-5)
    assert before.log_probability < 0


@pytest.mark.parametrize("write", WRITERS)
def test_captions_and_their_scores_are_those_of_reading_them_whole(tmp_path: Path, write: Any) -> None:
    family = _bootstrap(_settings(tmp_path, write(tmp_path / "part"))).image_to_text
    model, rows = family.model().eval(), family.datamodule().part("train")
    model.text_decoder.load_first_weights()
    pictures = rows.pictures[:4]

    for generation in (GreedySearch(), BeamSearch(num_beams=3, keeps_all=True)):
        found = model.generate(pictures, generation)
        begun = torch.cat([torch.ones(4, 1, dtype=torch.int64), found.tokens], dim=1)
        with torch.no_grad():
            logits = model(pictures, begun[:, :-1])
        logits[:, :, [0, 1, UNKNOWN]] = -torch.inf
        read = logits.log_softmax(dim=2).gather(2, found.tokens[..., None])[..., 0]
        counts = (found.tokens == END).cumsum(dim=1) - (found.tokens == END).int() == 0
        torch.testing.assert_close(
            (read * counts).nan_to_num(neginf=0).sum(dim=1), found.log_probabilities, atol=1e-5, rtol=0
        )
        if isinstance(generation, GreedySearch):
            assert torch.equal(logits.argmax(dim=2)[counts], found.tokens[counts])


def test_its_tokens_are_the_vocabulary_and_other_words_are_unknown(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", extra=["images/red-box-0.png,A mauve box </s>"])
    settings = _settings(tmp_path, write_llama(tmp_path / "part"))
    family = _bootstrap({**settings, "image_to_text.data.path": str(folder)}).image_to_text
    spec, vocabulary = family.data_spec(), family.data_spec().vocabulary

    assert spec.tokens[4:] == ("a", "bar", "blue", "box", "disc", "green", "red")
    assert vocabulary.decode(vocabulary.encode("A  red disc")) == "a red disc"
    assert vocabulary.encode("a mauve disc") == [1, 4, UNKNOWN, 8, END]
    assert END not in vocabulary.encode("A mauve box </s>")[1:-1]
    assert vocabulary.normalize("A mauve disc") == "a <unk> disc"
    assert type(spec).from_dict(spec.to_dict()) == spec
    (meaning,) = family.model().meanings(spec.to_dict())
    assert (meaning.part, meaning.binds) == ("text_decoder", "part")


def test_a_check_needs_no_weights(tmp_path: Path) -> None:
    part = write_gpt2(tmp_path / "part")
    settings = _settings(tmp_path, part, **{f"{DECODER}.add_cross_attention": True})
    application = _bootstrap(settings)
    (part / "model.safetensors").unlink()

    report = check_application(application)

    assert report.faults == ()
    assert next(row for row in report.rows if row.path == "text_decoder").num_parameters > 4000


def _pickled(part: Path) -> None:
    (part / "model.safetensors").rename(part / "pytorch_model.bin")


def _with_a_tensor_less(part: Path) -> None:
    tensors = load_file(part / "model.safetensors")
    del tensors["model.norm.weight"]
    save_file(tensors, part / "model.safetensors", metadata={"format": "pt"})


def _with_a_smaller_vocabulary(part: Path) -> None:
    config = json.loads((part / "config.json").read_text())
    (part / "config.json").write_text(json.dumps(config | {"vocab_size": 9}))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_pickled, r"^image_to_text\.text_decoder: .*'pytorch_model\.bin' may be pickled"),
        (_with_a_tensor_less, r"^image_to_text\.text_decoder: .*1 tensor of 21 missing there: 'model\.norm"),
        (
            _with_a_smaller_vocabulary,
            r"image_to_text\.text_decoder.*its model has 9 tokens, its tokenizer 11",
        ),
    ],
)
def test_a_fault_of_its_files_is_one_line(tmp_path: Path, spoil: Any, message: str) -> None:
    part = write_llama(tmp_path / "part")
    spoil(part)

    with pytest.raises(UserError, match=message) as fault:
        _bootstrap(_settings(tmp_path, part)).train()

    assert "\n" not in str(fault.value)


def test_an_untrained_one_needs_a_config_and_a_tokenizer(tmp_path: Path) -> None:
    part = write_llama(tmp_path / "part")
    settings = _settings(tmp_path, part)
    del settings[f"{DECODER}.weights"]
    config = {f"{DECODER}.config": {"model_type": "gpt2", "n_embd": 8, "n_layer": 1, "n_head": 2}}

    family = _bootstrap({**settings, **config, f"{DECODER}.tokenizer": str(part)}).image_to_text

    assert family.model().text_decoder.load_first_weights() is None
    assert family.data_spec().tokens[4] == "a"
    with pytest.raises(UserError, match="text_decoder: set weights to a folder"):
        _bootstrap(settings)
    with pytest.raises(UserError, match="set tokenizer to the folder"):
        _bootstrap({**settings, **config}).image_to_text.data_spec()


def test_captions_too_long_for_its_positions_are_found_by_a_check(tmp_path: Path) -> None:
    part = write_llama(tmp_path / "part", max_position_embeddings=12)
    (fault,) = check_application(_bootstrap(_settings(tmp_path, part))).faults

    assert "12 positions at most, fewer than 16 of the picture" in str(fault)


def test_settings_of_words_have_no_place_beside_a_tokenizer(tmp_path: Path) -> None:
    settings = _settings(tmp_path, write_llama(tmp_path / "part"))

    with pytest.raises(ValueError, match=r"leave data\.unit and data\.min_count out"):
        _bootstrap({**settings, "image_to_text.data.min_count": 2})


@pytest.mark.parametrize("write", WRITERS)
def test_a_frozen_network_is_bit_for_bit_that_of_its_file(tmp_path: Path, write: Any) -> None:
    part = write(tmp_path / "part")

    result = _bootstrap(_settings(tmp_path, part, submodules={DECODER: {"freeze": True}})).train()

    found, wanted = _network_in(result.best_checkpoint), load_file(part / "model.safetensors")
    assert all(torch.equal(value, found[name]) for name, value in wanted.items())


@pytest.mark.slow
def test_adapters_alone_learn_and_merge(tmp_path: Path) -> None:
    part = _attending_gpt2(tmp_path / "part")
    lora = {"lora": {"rank": 2, "targets": ["attn.c_attn"]}}
    result = _bootstrap(_settings(tmp_path, part, submodules={NETWORK: lora})).train()
    found, wanted = _network_in(result.best_checkpoint), load_file(part / "model.safetensors")

    merged = merge_adapters(result.best_checkpoint)
    export_safetensors(result.best_checkpoint, tmp_path / "merged.safetensors", content=merged)
    one, other = (
        _from_checkpoint(file).image_to_text.predictor().predict(Image.open(tmp_path / PICTURE))[0]
        for file in (result.best_checkpoint, tmp_path / "merged.safetensors")
    )

    assert all(torch.equal(value, found[name]) for name, value in wanted.items())
    assert any("lora_A" in name for name in found)
    assert one.text == other.text
    assert one.log_probability == pytest.approx(other.log_probability, abs=1e-5)


@pytest.mark.slow
def test_an_exported_network_is_one_of_the_library_again(tmp_path: Path) -> None:
    part = write_llama(tmp_path / "part")
    result = _bootstrap(_settings(tmp_path, part, **{"trainer.max_epochs": 1})).train()

    file = part / "model.safetensors"
    file.unlink()
    export_safetensors(result.best_checkpoint, file, submodule=NETWORK)
    again = _bootstrap(_settings(tmp_path, part, run_dir=str(tmp_path / "again")))
    model = again.image_to_text.model()
    said = model.text_decoder.load_first_weights()

    assert "21 of 21 tensors" in said
    learned = _network_in(result.best_checkpoint)
    assert all(
        torch.equal(each, learned[name]) for name, each in model.text_decoder.network.state_dict().items()
    )


@pytest.mark.slow
@pytest.mark.parametrize("write", [write_gpt2, write_llama, _attending_gpt2])
def test_graphs_write_the_captions_of_its_checkpoint_without_torch(tmp_path: Path, write: Any) -> None:
    pytest.importorskip("onnxscript", reason="the extra export is not installed")
    application = _bootstrap(_settings(tmp_path, write(tmp_path / "part")))
    family = as_if_trained(application.image_to_text)
    torch.manual_seed(0)
    for one in family.model().parameters():
        torch.nn.init.normal_(one, std=0.5)
    export_graphs(application, tmp_path / "m.onnx")
    shutil.rmtree(tmp_path / "part")

    script = script_without("torch", "transformers")
    found = subprocess.run(
        [sys.executable, "-c", script, "predict", "m.onnx", "data/images", "-o", "out.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stderr
    pictures = sorted((tmp_path / "data" / "images").iterdir())
    expected = family.predictor().predict([Image.open(one) for one in pictures])
    assert len({round(one.log_probability, 2) for one in expected}) > 1
    said = json.loads((tmp_path / "out.json").read_text())
    assert [one["caption"] for one in said] == [one.text for one in expected]
    assert [one["log_probability"] for one in said] == pytest.approx(
        [one.log_probability for one in expected], abs=1e-4
    )
