import pytest

from nested_lightning.app.errors import UserError
from nested_lightning.app.vae_gan.domain_groups import (
    AllTogether,
    EachAlone,
    EvenAndOdd,
    ExplicitDomainGroups,
)

DIGITS = tuple("0123")


def test_each_grouping_has_every_domain_in_one_group() -> None:
    assert EachAlone()(DIGITS) == {"0": ("0",), "1": ("1",), "2": ("2",), "3": ("3",)}
    assert EvenAndOdd()(DIGITS) == {"even": ("0", "2"), "odd": ("1", "3")}
    assert EvenAndOdd()(("1", "3")) == {"odd": ("1", "3")}
    assert AllTogether(name="digits")(DIGITS) == {"digits": DIGITS}
    explicit = ExplicitDomainGroups(groups={"a": ["3", "0"], "b": ["1", "2"]})
    assert explicit(DIGITS) == {"a": ("3", "0"), "b": ("1", "2")}


def test_even_and_odd_want_whole_numbers() -> None:
    with pytest.raises(UserError, match="'cat' isn't one; take each_alone"):
        EvenAndOdd()(("1", "cat"))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"a": ["0", "1"], "b": ["2"]}, "in none: 3; in several: -"),
        ({"a": ["0", "1", "2", "3"], "b": ["3"]}, "in none: -; in several: 3"),
        ({"a": ["0", "1", "2", "3"], "b": []}, "groups without any: b"),
        ({"a": ["0", "1", "2", "33"]}, "no domain '33'; did you mean '3'"),
    ],
)
def test_explicit_groups_that_do_not_fit_the_domains_are_refused(
    groups: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        ExplicitDomainGroups(groups=groups)(DIGITS)
