from pathlib import Path

from benchmarks.ways.lines import added_lines, code_lines

PYTHON = '''"""Docstring,
of two lines."""

# comment
TEXT = """not
a docstring"""  # three
def twice(x):
    """Docstring."""

    return 2 * x
'''


def test_blank_lines_comments_and_docstrings_are_left_out(tmp_path: Path) -> None:
    python, settings = tmp_path / "a.py", tmp_path / "a.yaml"
    python.write_text(PYTHON)
    settings.write_text("# comment\n\na:\n  b: 1  # one\n")

    assert code_lines(python) == 4
    assert code_lines(settings) == 2


def test_what_one_function_has_besides_another_is_found_at_any_depth() -> None:
    def plain() -> int:
        """Return two."""
        return max(1, 2)

    def nested() -> int:
        """Return two, with care."""
        if callable(max):
            return max(1, 2)
        return 3  # never

    assert added_lines(plain, nested) == ["if callable(max):", "return 3"]
    assert added_lines(nested, plain) == []
