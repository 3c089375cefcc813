"""The stateful mock of the payments contract conforms to it: nothing is accused."""

from pathlib import Path

import pytest

from tests.other_contracts.judging import accused, judged_mock
from tests.payments.serving import FILE

SELECTED = ("lists", "reads", "authentication", "revocation", "validation", "secrets",
            "idempotency.replay*", "idempotency.no-second-resource", "idempotency.key-*",
            "idempotency.different-*", "idempotency.only-*", "created")  # fmt: skip


@pytest.mark.parametrize(
    ("selected", "passing"),
    [(SELECTED, 200), pytest.param((), 400, marks=pytest.mark.thorough)],
    ids=["sections", "all"],
)
def test_the_mock_conforms(selected: tuple[str, ...], passing: int, tmp_path: Path) -> None:
    options = [text for pattern in selected for text in ("--select", pattern)]
    code, report = judged_mock(FILE, tmp_path, *options)

    assert accused(report) == []
    assert code == 0
    assert report["summary"]["passed"] > passing
