"""Causes on the page: their order, what differs in them, the sources, and what is left out."""

import time
from dataclasses import replace

import pytest

from conformance.catalogue.requirement import Level, Requirement
from conformance.report import FORMATS
from conformance.report.difference import differences
from conformance.report.shown_causes import Shown
from conformance.report.sources import linked
from conformance.results.result import FindingDetails, Outcome, Result
from conformance.results.verdict import Verdict
from conformance.server import catalogue

RULES = catalogue()
SCHEMAS = RULES["generated.answers-match-their-schemas"]
IDENTICAL = RULES["idempotency.replay-is-identical"]
ONCE = RULES["idempotency.no-second-resource"]


def violation(rule: Requirement, level: Level = Level.MUST, moment: float = 0.0) -> Result:
    outcome = Outcome.FAILED if level is Level.MUST else Outcome.WARNING
    return Result(rule, "createCredential", level, outcome, "this", "that", "curl it",
                  FindingDetails(moment))  # fmt: skip


def verdict(*results: Result, level: Level = Level.MUST) -> Verdict:
    return Verdict("2026-03-01", "http://localhost/v3", 7, level, results)


def marked(one: str, other: str) -> tuple[list[str], list[str]]:
    """What is marked in two texts, of which each is whole."""
    found = differences(one, other)
    for text, parts in zip((one, other), found, strict=True):
        assert "".join(part.text for part in parts) == text
    left, right = ([part.text for part in parts if part.differs] for parts in found)
    return left, right


@pytest.mark.parametrize(
    ("expected", "actual", "differing"),
    [
        ("status 401", "status 400", (["401"], ["400"])),
        ('{"id": 1, "name": "a"}', '{"id": 1, "name": "b"}', (["a"], ["b"])),
        ('{"id": 1}', '{"id": 1, "is_new": 2}', ([], [', "is_new": 2'])),
        ("the same", "the same", ([], [])),
        ("no server error", "500", ([], [])),
        ("nothing new for a retry with a newer token", "201 with a resource", ([], [])),
        ("", "", ([], [])),
    ],
)
def test_what_differs_is_marked_where_the_rest_is_shared(
    expected: str, actual: str, differing: tuple[list[str], list[str]]
) -> None:
    assert marked(expected, actual) == differing


def test_one_change_in_a_long_body_is_all_that_is_marked() -> None:
    body = str({f"member_{number}": f"value {number}" for number in range(3000)})

    assert marked(body, body.replace("value 1500'", "another 1500'")) == (["value"], ["another"])


def test_long_texts_cost_about_their_length() -> None:
    def cost(words: int) -> float:
        begin = time.process_time()
        differences("a b c " * words, "b a c " * words)
        return time.process_time() - begin

    cost(2000)
    assert cost(40_000) < 200 * cost(2000)


@pytest.mark.parametrize(
    ("source", "addresses"),
    [
        ("RFC 9110, section 11.6.1", ["https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1"]),
        ("RFC 8259 sections 2 and 7", ["https://www.rfc-editor.org/rfc/rfc8259#section-2"]),
        ("seed: name; RFC 8259", ["https://www.rfc-editor.org/rfc/rfc8259"]),
        (
            "draft-ietf-httpapi-idempotency-key-header-07, section 2.4",
            ["https://datatracker.ietf.org/doc/html/"
             "draft-ietf-httpapi-idempotency-key-header-07#section-2.4"],
        ),
        ("seed: expires_at", []),
    ],
)  # fmt: skip
def test_standards_are_linked(source: str, addresses: list[str]) -> None:
    parts = list(linked(source))

    assert "".join(text for text, _ in parts) == source
    assert [address for _, address in parts if address] == addresses


def test_each_standard_that_a_requirement_names_is_linked() -> None:
    for rule in RULES.values():
        text = "".join(text for text, address in linked(rule.source) if not address)
        assert "RFC" not in text, rule.source
        assert "draft-" not in text, rule.source


def test_what_fails_the_run_is_first_and_then_what_explains_more() -> None:
    late = violation(SCHEMAS, moment=9)
    early = violation(RULES["created.name-is-unchanged"], moment=5)
    warning = violation(RULES["lists.has-more-is-true"], Level.SHOULD)
    judged = verdict(warning, late, early, violation(IDENTICAL, moment=20), violation(ONCE))

    shown = Shown(judged).causes()

    assert [one.result.requirement.mend for one in shown] == [
        IDENTICAL.mend, early.requirement.mend, late.requirement.mend, warning.requirement.mend
    ]  # fmt: skip
    assert [one.tone for one in shown] == ["bad", "bad", "bad", "warn"]
    assert [len(one.others) for one in shown] == [1, 0, 0, 0]


def test_others_of_a_cause_stand_under_it_without_a_script() -> None:
    judged = verdict(violation(IDENTICAL), replace(violation(ONCE), reproduce="curl the other one"))
    page = FORMATS["html"](judged)

    assert page.count("<article") == 1
    assert "1 more of the same cause" in page
    assert "curl it" in page
    assert "curl the other one" not in page
    for anchor in ("violation-1", "violation-2"):
        assert page.count(f'id="{anchor}"') == 1


def test_scripts_that_are_too_long_are_named_by_their_length() -> None:
    page = FORMATS["html"](verdict(replace(violation(IDENTICAL), reproduce="curl" * 30_000)))

    assert "The script has 120000 characters: the text and JSON reports have it." in page
    assert len(page) < 100_000


def test_many_long_values_make_a_page_of_bounded_size() -> None:
    results = [
        replace(violation(rule), expected="<" * 64_000, actual="\x1b&" * 64_000,
                reproduce="curl " + "x" * 15_000)
        for rule in list(RULES.values()) * 2
    ]  # fmt: skip
    page = FORMATS["html"](verdict(*results[:500]))

    assert len(page) < 8_000_000
    assert "\x1b" not in page
