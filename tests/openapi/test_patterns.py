"""Patterns of ECMA-262, as the validator and Python read them."""

import re

import pytest

from openapi.patterns import for_python, readable
from tests.openapi.test_schema import compiled


@pytest.mark.parametrize(
    ("pattern", "taken", "refused"),
    [
        (r"^[\w-\.]+@([\w-]+\.)+[\w-]{2,4}$", "a-b.c@example.org", "a b"),
        (r"^[a-\d]$", "-", "b"),
        (r"^[\d-x]+$", "1-x", "y"),
        (r"^[^]$", "x", ""),
        (r"^a\Z", "a", "b"),
        (r"^\0$", "\0", "0"),
        (r"^[\b]$", "\b", "b"),
        (r"^\uD83D\uDE00$", "\U0001f600", "a"),
        (r"^[\uD83D\uDE00-\uD83D\uDE4F]$", "\U0001f601", "a"),
        (r"^[[a]$", "[", "b"),
        (r"^[a&&b]+$", "&ab", "c"),
        (r"^{x}$", "{x}", "x"),
        (r"^[+--]$", ",", "a"),
        (r"^[ -~]*$", "a b", "é"),
        (r"^\[\w-\]$", "[a-]", "a"),
        (r"^\p{L}{2}$", "éü", "1a"),
        (r"^(?<a>[ab])\k<a>1$", "bb1", "ab1"),
        (r"^(?:x)([(])(?<=[(])\((?<b>\d)(?<c>\w)\k<c>\k<b>$", "x((1aa1", "x((1aa2"),
    ],
)
def test_a_pattern_of_ecma_is_read(pattern: str, taken: str, refused: str) -> None:
    schema = compiled({"type": "string", "pattern": pattern})

    assert schema.is_valid(taken)
    assert not schema.is_valid(refused)


@pytest.mark.parametrize("pattern", [r"^[a-z_-]+$", r"^a{2,3}$", r"[!-~]", r"^\d+$", "[-a]", ""])
def test_a_pattern_that_is_read_stays_as_it_is(pattern: str) -> None:
    assert readable(pattern) == pattern


def test_the_names_of_properties_are_read_as_well() -> None:
    schema = compiled({"patternProperties": {r"^[\w-\.]+$": {"type": "integer"}}})

    assert schema.is_valid({"a.b": 1})
    assert not schema.is_valid({"a.b": "x"})


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^\p{Lu}\p{L}+$", "Ab"),
        (r"^[\p{Lu}\d]+$", "A1"),
        (r"^(?<year>\d{4})-(?<month>\d\d)$", "2024-01"),
        (r"^\u{1F600}(?<!a)$", "\U0001f600"),
        (r"^\cJ[\cI\cj]$", "\n\t"),
        (r"^(?<a>[ab])\k<a>1$", "bb1"),
    ],
)
def test_python_reads_the_same(pattern: str, text: str) -> None:
    assert re.search(for_python(pattern), text)
