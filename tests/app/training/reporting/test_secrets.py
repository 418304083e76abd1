"""What is taken out of values before anybody else reads them."""

import pytest

from nested_lightning.app.training.reporting.secrets import without_secrets


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("postgres://me:pass@host/table", "postgres://***@host/table"),
        ("https://ghp_12345@github.com/a/b", "https://***@github.com/a/b"),
        ("https://host/file?a=1&api_key=abc&b=2", "https://host/file?a=1&***&b=2"),
        ("me@host.org wrote to you@host.org", "me@host.org wrote to you@host.org"),
        (
            {"api_key": "abc", "keys": ["a"], "max_tokens": 5},
            {"api_key": "***", "keys": ["a"], "max_tokens": 5},
        ),
        (
            {"a": {"client-secret": "abc", "token": ["abc", "d"]}},
            {"a": {"client-secret": "***", "token": ["***"] * 2}},
        ),
        ({"token_adapter": {"kind": "x"}, "password": ""}, {"token_adapter": {"kind": "x"}, "password": ""}),
    ],
)
def test_secrets_are_hidden_and_nothing_else(value: object, wanted: object) -> None:
    assert without_secrets(value) == wanted


def test_the_value_of_a_secret_variable_is_hidden_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "0123456789abcdef")
    monkeypatch.setenv("SHORT_TOKEN", "run")

    assert without_secrets({"note": "use 0123456789abcdef, then run"}) == {"note": "use ***, then run"}
