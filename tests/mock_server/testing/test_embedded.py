"""The mock inside another program: the context manager and the pytest fixtures."""

from datetime import UTC, datetime

import httpx
import pytest

from mock_server.testing.embedded import dinie_mock, running_mock
from mock_server.testing.partner_mock import ControlError, PartnerMock

pytest_plugins = ["pytester"]


def create(mock: PartnerMock, key: str, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{mock.url}/auth/credentials",
        json={"name": "x"},
        headers={
            "Authorization": f"Bearer {mock.access_token}",
            "Idempotency-Key": key,
            **headers,
        },
    )


def test_a_block_has_a_mock_with_a_fresh_partner() -> None:
    with dinie_mock() as mock:
        assert create(mock, "one").status_code == 201
        [entry] = mock.journal.entries()
        assert entry.status == 201
        assert mock.access_token not in str(entry)
        assert mock.report().exit_code == 0
    with pytest.raises(httpx.ConnectError):
        create(mock, "one")


def test_a_lost_response_is_retried_into_one_key(dinie_mock: PartnerMock) -> None:
    [fault] = dinie_mock.faults.add("lost-response")
    with pytest.raises(httpx.RemoteProtocolError):
        create(dinie_mock, "one")
    again = create(dinie_mock, "one")

    assert again.headers["idempotent-replayed"] == "true"
    assert [one["fired"] for one in dinie_mock.faults.list() if one["id"] == fault] == [1]
    lost, replay = dinie_mock.journal.entries()
    assert (lost.status, lost.fault) == (None, "lost-response")
    assert replay.replayed
    dinie_mock.faults.switch(fault, enabled=False)
    assert create(dinie_mock, "two").status_code == 201


def test_a_key_is_free_after_24_hours(dinie_mock: PartnerMock) -> None:
    first = create(dinie_mock, "one")
    dinie_mock.clock.advance(24 * 3600 - 60)
    assert create(dinie_mock, "one").content == first.content
    dinie_mock.clock.advance(120)
    assert create(dinie_mock, "one").json()["client_id"] != first.json()["client_id"]


def test_the_clock_can_be_set_and_given_back(dinie_mock: PartnerMock) -> None:
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    assert (dinie_mock.clock.set(moment) - moment).total_seconds() < 60
    created = create(dinie_mock, "one").json()["created_at"]
    assert created.startswith("2027-01-01T00:0")
    dinie_mock.clock.reset()
    assert abs((dinie_mock.clock.now() - datetime.now(UTC)).total_seconds()) < 60


def test_one_fault_can_be_taken_away_and_all_can(dinie_mock: PartnerMock) -> None:
    [fault] = dinie_mock.faults.add({"action": {"kind": "drop", "when": "before_operation"}})
    dinie_mock.faults.add("slow")
    dinie_mock.faults.remove(fault)
    assert fault not in {one["id"] for one in dinie_mock.faults.list()}
    dinie_mock.faults.clear()
    assert dinie_mock.faults.list() == []


def test_partners_of_one_server_do_not_meet() -> None:
    with running_mock() as server:
        one, other = server.new_partner(), server.new_partner()
        one.faults.add("lost-response")
        assert create(other, "same").status_code == 201
        assert one.journal.entries() == []
        other.reset()
        assert other.journal.entries() == []
        other.delete()
        assert create(other, "same").status_code == 401


def test_a_refusal_is_one_plain_line(dinie_mock: PartnerMock) -> None:
    action, match = {"kind": "status", "status": 409}, {"operation": "createToken"}
    with pytest.raises(ControlError, match="action takes a status that the operation documents"):
        dinie_mock.faults.add({"action": action, "match": match})
    with pytest.raises(ControlError, match="preset"):
        dinie_mock.faults.add("no such preset")


def test_a_misspelt_filter_makes_no_assertion_pass(dinie_mock: PartnerMock) -> None:
    with pytest.raises(ControlError, match='did you mean "operation"'):
        dinie_mock.journal.entries(operaton="createCredential")
    with pytest.raises(ControlError, match='did you mean "createCredential"'):
        dinie_mock.journal.entries(operation="createCredentials")


def test_the_fixtures_come_with_the_distribution(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import httpx

        def create(mock):
            headers = {"Authorization": f"Bearer {mock.access_token}", "Idempotency-Key": "same"}
            body = {"name": "x"}
            return httpx.post(f"{mock.url}/auth/credentials", json=body, headers=headers)

        def test_first(dinie_mock):
            assert create(dinie_mock).status_code == 201
            assert len(dinie_mock.journal.entries()) == 1

        def test_second_knows_nothing_of_the_first(dinie_mock):
            assert "idempotent-replayed" not in create(dinie_mock).headers
            assert len(dinie_mock.journal.entries()) == 1
        """
    )
    pytester.runpytest_subprocess("-q", "-W", "error").assert_outcomes(passed=2)


def test_a_run_of_pytest_without_the_fixtures_loads_no_mock(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing():
            assert not {"connexion", "uvicorn", "mock_server.app"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)
