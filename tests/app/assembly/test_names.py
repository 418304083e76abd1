"""Names that `nn.ModuleDict` refuses work, and come back as they were."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nested_lightning.app.assembly.names import escape_name


@pytest.mark.slow
@given(st.text(min_size=1))
def test_any_name_is_taken_by_a_module_dict_and_comes_back(name: str) -> None:
    escaped = escape_name(name)

    assert "." not in escaped
    assert escaped in nn.ModuleDict({escaped: nn.Identity()})
    assert unquote(escaped) == name


@pytest.mark.parametrize("name", ["kar", "0", "größe", "two words"])
def test_a_name_that_works_stays_as_it_is(name: str) -> None:
    assert escape_name(name) == name


@pytest.mark.parametrize(("name", "escaped"), [("values", "%76alues"), ("type", "%74ype"), ("a.b", "a%2Eb")])
def test_a_refused_name_is_percent_encoded(name: str, escaped: str) -> None:
    assert escape_name(name) == escaped


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        escape_name("")
