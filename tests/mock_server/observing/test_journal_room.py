"""All journals together are bounded, however many partners there are."""

import time

import pytest

from tests.mock_server.clients import Client, JobFactory


def dropped(client: Client) -> int:
    text = client.get("/_mock/metrics").text
    name = "dinie_mock_journal_entries_dropped_total "
    [line] = [one for one in text.splitlines() if one.startswith(name)]
    return round(float(line.removeprefix(name)))


def until(wanted: int, client: Client) -> None:
    deadline = time.monotonic() + 20
    while dropped(client) != wanted:
        assert time.monotonic() < deadline, f"{dropped(client)} were dropped, not {wanted}"
        time.sleep(0.05)


def test_the_journals_that_were_used_longest_ago_go_empty_and_say_so(
    client: Client, a_job: JobFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.observing.journals.CAPACITY_OF_ALL", 30)
    jobs = [a_job(client) for _ in range(5)]
    for job in jobs:
        for _ in range(10):
            job.get()
    until(20, client)

    pages = [job.control("GET", "/journal").json() for job in jobs]
    assert [len(one["data"]) for one in pages] == [0, 0, 10, 10, 10]
    assert [one["dropped"] for one in pages] == [10, 10, 0, 0, 0]

    jobs[0].get()
    page = jobs[0].control("GET", "/journal").json()
    assert [one["number"] for one in page["data"]] == [11]
    assert page["dropped"] == 10
    until(30, client)  # one too many again: those of the third partner go

    assert jobs[0].control("POST", "/reset").status_code == 204
    assert jobs[0].control("GET", "/journal").json()["dropped"] == 0
    assert dropped(client) == 30


def test_a_journal_that_is_used_stays_whatever_others_do(
    client: Client, a_job: JobFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.observing.journals.CAPACITY_OF_ALL", 30)
    first, *others = [a_job(client) for _ in range(6)]
    for other in others:
        first.get()
        for _ in range(10):
            other.get()
    first.get()
    until(30, client)
    assert len(first.control("GET", "/journal").json()["data"]) == 6
