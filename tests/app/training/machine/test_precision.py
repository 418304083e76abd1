import pytest
import torch

from nested_lightning.app.training.machine.precision import choose_precision, computes_bf16


def test_a_precision_that_is_named_stays() -> None:
    assert choose_precision("16-mixed", accelerator="cpu") == "16-mixed"


@pytest.mark.parametrize(
    ("able", "chosen"),
    [
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, "32-true"),
        ({"avx512_f": True, "avx512_bf16": True}, "bf16-mixed"),
        ({"amx_bf16": True}, "bf16-mixed"),
        ({}, "32-true"),
    ],
)
def test_auto_takes_bf16_where_the_cpu_has_instructions_for_it(
    able: dict[str, bool], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)

    assert choose_precision("auto", accelerator="cpu") == chosen


def test_what_this_machine_is_able_to_can_be_asked() -> None:
    assert computes_bf16("cpu") in (True, False)
    assert not computes_bf16("mps")
