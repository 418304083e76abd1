"""The Python examples of the documentation run, in the order in which they are read."""

import re

import pytest

from tests.command_line import PROJECT


@pytest.mark.parametrize("page", ["overriding.md"])
def test_the_examples_of_a_page_run(page: str) -> None:
    text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
    names: dict[str, object] = {"__name__": "example"}

    for example in re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        exec(compile(example, page, "exec"), names)

    assert "model" in names
