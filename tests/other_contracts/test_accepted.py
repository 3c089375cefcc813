"""A creation that answers 202 is judged as any: a job is its partner's, though it may be late."""

import itertools
import json

import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.other_contracts.crates import Hasty, Item, answered
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing

_JOB = thing(["id", "title", "state"], id=TEXT, title=TEXT, state=TEXT)
_WRONG = {status: answer(thing([], message=TEXT)) for status in ("400", "401", "404")}
CONTRACT = Contract(
    document("Jobs", {
        "/jobs": {"post": {"requestBody": {"required": True, **taken(thing(["title"], title=TEXT))},
                           "responses": {"202": answer(_JOB), **_WRONG}}},
        "/jobs/{id}": {"parameters": [parameter("id", "path", TEXT)],
                       "get": {"responses": {"200": answer(_JOB), **_WRONG}}},
    })
)  # fmt: skip


class Jobs:
    """A server of jobs, which may show them to anybody, another one, or not at once."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.jobs: dict[str, tuple[int | None, Item]] = {}
        self.ids = map(str, itertools.count(1000))

    def __call__(self, request: Request, _: Forward) -> Answer:
        own = request.path.rpartition("/")[2]
        if request.method == "POST":
            job = {"id": f"job-{next(self.ids)}", "title": json.loads(request.body)["title"]}
            self.jobs[job["id"]] = request.partner, job
            return answered(202, {**job, "state": "queued"})
        partner, job = self.jobs.get(own, (None, {}))
        is_hidden = partner != request.partner and self.fault != "leak"
        if not job or is_hidden or self.fault == "late":
            return answered(404, {"message": "There is no such job."})
        title = "another" if self.fault == "other" else job["title"]
        return answered(200, {**job, "title": title, "state": "done"})


@pytest.mark.parametrize(
    ("requirement", "fault", "outcome"),
    [
        ("reads.belongs-to-its-partner", "", Outcome.PASSED),
        ("reads.belongs-to-its-partner", "leak", Outcome.FAILED),
        ("reads.shows-what-was-made", "", Outcome.PASSED),
        ("reads.shows-what-was-made", "other", Outcome.FAILED),
        ("reads.shows-what-was-made", "late", Outcome.NOT_VERIFIED),
    ],
)
def test_a_job_that_was_accepted_is_judged(requirement: str, fault: str, outcome: Outcome) -> None:
    one, read = catalogue()[requirement], CONTRACT.operations["GET /jobs/{id}"]
    assert one.applies_to(read)

    with Hasty("http://target.invalid", TOKENS, tamper=Jobs(fault)) as target:
        target.capabilities.add(Capability.SECOND_PARTNER)
        assert Run(CONTRACT, target, [], seed=1).check(one, read).outcome is outcome
