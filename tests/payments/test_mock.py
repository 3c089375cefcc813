"""The stateful mock of the payments contract, judged by it: calls, lists and partners."""

from pathlib import Path

from demo.mock_process import mock_process
from tests.other_contracts.judging import judged
from tests.payments.serving import FILE, TOKENS

SELECTED = ("lists", "authentication", "idempotency.replay*", "idempotency.no-second-resource",
            "idempotency.key-*", "idempotency.different-*", "created.is-in-the-list")  # fmt: skip


def test_the_mock_keeps_what_it_makes_for_each_partner(tmp_path: Path) -> None:
    partners = [text for number, token in enumerate(TOKENS)
                for text in ("--partner", f"id_{number}:secret_{number}:{token}")]  # fmt: skip
    selected = [text for pattern in SELECTED for text in ("--select", pattern)]
    with mock_process("--contract", str(FILE), *partners) as mock:
        code, report = judged(
            "run", "--contract", str(FILE), "--url", mock.base_url, "--token", TOKENS[0],
            "--second-token", TOKENS[1], *selected, folder=tmp_path,
        )  # fmt: skip

    failed = [one["id"] for one in report["results"] if one["outcome"] == "failed"]
    assert failed == []
    assert code == 0
    assert report["summary"]["passed"] > 100
