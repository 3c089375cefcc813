"""No conforming server is failed, however different it is, and each real bug of one is found.

The servers share no code with the mock.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest

from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.results.baseline import Baseline
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from tests.conformance.servers.judging import CONTRACT, departures, judged, target_of
from tests.conformance.servers.options import Bug, Options
from tests.conformance.servers.variants import VARIANTS, Variant

BUGS = {
    Bug.KEYS_ARE_IGNORED: "idempotency.replay-is-identical",
    Bug.KEYS_ARE_SHARED_BY_PARTNERS: "idempotency.key-belongs-to-its-partner",
    Bug.KEYS_ARE_CUT: "idempotency.different-keys-are-different-calls",
    Bug.KEYS_KEEP_REFUSALS: "idempotency.rejected-request-leaves-key-free",
    Bug.KEYS_ARE_RACED_FOR: "idempotency.simultaneous-requests-make-one-resource",
    Bug.REPLAYS_LACK_THE_SECRET: "idempotency.replay-is-identical",
    Bug.SECRET_IS_LISTED: "secrets.never-in-the-list",
    Bug.SECRETS_ARE_COUNTED: "secrets.are-beyond-guessing",
    Bug.TIMES_HAVE_NO_OFFSET: "created.timestamps-are-date-times",
    Bug.OFFSETS_ARE_DROPPED: "created.expires-at-is-the-same-instant",
    Bug.NAMES_ARE_STRIPPED: "created.name-is-unchanged",
    Bug.CREATED_IS_200: "created.plain-request-succeeds",
    Bug.BAD_JSON_IS_A_PAGE: "robustness.broken-json",
    Bug.SURROGATES_ARE_A_FAILURE: "robustness.lone-surrogates",
    Bug.NUMBERS_ARE_NAMES: "validation.wrong-or-missing-field-is-refused",
    Bug.REFUSALS_ARE_JSON: "problems.media-type",
    Bug.TOKENS_HAVE_NO_CASE: "authentication.damaged-token-is-refused",
    Bug.TOKENS_ARE_CHECKED_LATE: "authentication.refused-request-creates-nothing",
    Bug.LISTS_ARE_SHARED_BY_PARTNERS: "lists.only-ones-own",
    Bug.ANYBODY_REVOKES: "revocation.only-ones-own",
    Bug.KEYS_ARE_KEPT_FOR_EVER: "idempotency.key-is-free-after-24-hours",
    Bug.KEYS_EXPIRE_EARLY: "idempotency.key-is-kept-for-24-hours",
    Bug.KEYS_ARE_DENIED_TO_OTHERS: "idempotency.key-is-free-for-other-partners",
    Bug.KEYED_REQUESTS_ARE_REFUSED: "idempotency.fresh-key-is-accepted",
    Bug.ISSUED_TOKENS_ARE_THE_FIRST_PARTNERS: "tokens.token-is-its-partners",
    Bug.LIMITS_SAY_TOO_LITTLE: "rate_limits.limited-request-gets-through-later",
    Bug.KEYS_IN_USE_ARE_CONFLICTS: "idempotency.only-documented-statuses",
    Bug.OTHER_BODIES_ARE_CONFLICTS: "idempotency.only-documented-statuses",
    Bug.ENDS_ARE_NOT_COMPARED: "idempotency.every-member-is-compared",
    Bug.OTHER_TYPES_ARE_415: "created.only-documented-statuses",
    Bug.UNFIT_ACCEPTS_ARE_406: "created.any-accept-gets-a-documented-status",
    Bug.OFFSETS_ARE_REFUSED: "validation.usual-date-is-accepted",
    Bug.FULL_PAGES_SAY_MORE: "lists.has-more-is-true",
    Bug.LISTS_FAIL: "lists.only-ones-own",
    Bug.TOKENS_IN_QUERIES_STAND_IN: "authentication.token-in-query-is-refused",
}
"""What each breaks."""

ASIDE = {
    Bug.KEYS_ARE_KEPT_FOR_EVER: Options(has_clock=True),
    Bug.KEYS_EXPIRE_EARLY: Options(has_clock=True),
    Bug.LIMITS_SAY_TOO_LITTLE: Options(rate=500, rate_seconds=3600),
}
"""What a server needs besides, for its bug to show."""


LIKE_A_GATEWAY = {Bug.BAD_JSON_IS_A_PAGE, Bug.SURROGATES_ARE_A_FAILURE}
"""Bugs whose every answer may be one of a moment: each is asked for again and again."""

UNLIKE = {"strict"}
"""Servers that decide for themselves most of what they may."""


def test_the_readme_counts_the_servers() -> None:
    row = "| conforming servers that differ from the mock, and must pass |"
    assert f"{row} {len(VARIANTS)} |" in (Path(__file__).parents[3] / "README.md").read_text()


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        pytest.param(
            name, one, id=name,
            marks=[pytest.mark.thorough] * (name not in UNLIKE)
            + [pytest.mark.long] * (one.options.rate != Options().rate),
        )
        for name, one in VARIANTS.items()
    ],
)  # fmt: skip
def test_a_conforming_server_is_not_failed(name: str, variant: Variant) -> None:
    # Each has a seed of its own, and always the same: `python -m tests.conformance.servers` tries
    # others.
    assert departures(variant, seed=crc32(name.encode())) == []


@pytest.mark.parametrize(
    "selected",
    [
        pytest.param("*", marks=pytest.mark.thorough),
        ("created.*name*", "created.nothing-is-made-twice", "lists.all-that-was-made-is-listed"),
    ],
)
def test_a_server_is_not_failed_for_what_a_run_before_has_made(selected: Sequence[str]) -> None:
    requirements = list(select(catalogue(), [*selected]))
    with target_of(Options()) as target:
        for _ in range(2):
            settings, tokens = target.settings, target.tokens
            with Target(target.base_url, tokens, settings=settings) as again:
                run = Run(CONTRACT, again, requirements, seed=1)
                verdict = judge(run, Level.SHOULD, Baseline(), lambda _: None)
            assert verdict.exit_code == 0, verdict.line


@pytest.mark.parametrize(
    ("bug", "id_"),
    [
        pytest.param(bug, id_, marks=[pytest.mark.thorough] * (bug in LIKE_A_GATEWAY))
        for bug, id_ in BUGS.items()
    ],
)
def test_a_bug_is_found_and_named(bug: Bug, id_: str) -> None:
    requirement = catalogue()[id_]
    section = list(select(catalogue(), [requirement.section]))
    options = replace(ASIDE.get(bug, Options()), bug=bug)
    with judged(options, section, requirement.level) as (_, verdict):
        assert verdict.exit_code == 1, verdict.line
    assert id_ in {one.requirement.id for one in verdict.breaking}


def test_every_bug_is_tried() -> None:
    assert BUGS.keys() == set(Bug)


def test_what_is_left_out_exists() -> None:
    assert VARIANTS.keys() > UNLIKE
