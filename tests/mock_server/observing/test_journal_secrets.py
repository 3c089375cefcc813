"""No secret, token or idempotency key is in anything that the mock shows or writes of a job."""

import base64
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from demo.mock_process import mock_process
from tests.mock_server.clients import Job, WiredJob

ADMIN = "an-admin-token-that-nobody-may-see"


def live(job: Job, headers: dict[str, str]) -> list[str]:
    """Do everything that has to do with secrets; gives all of them."""
    secrets = [job.client_secret, job.token]
    keys = [f"0f8e2b7c-4d5a-4b1c-9e3f-7a2d8b4c6e{number:02}" for number in range(6)]
    key = job.create(key=keys[0]).json()
    job.create(key=keys[0])
    job.create(key=keys[0], name="used again")
    job.create(**{"X-Idempotency-Key": keys[1]})
    secrets.append(key["client_secret"])

    login = {"client_id": key["client_id"], "client_secret": key["client_secret"]}
    secrets.append(job.log_in(**login).json()["access_token"])
    secrets.append(job.log_in().json()["access_token"])
    form = {"grant_type": "client_credentials", **login}
    secrets.append(job.http.post("/v3/auth/token", data=form).json()["access_token"])
    pair = f"{job.client_id}:{job.client_secret}"
    basic = base64.b64encode(pair.encode()).decode()
    authorization = {"Authorization": f"Basic {basic}"}
    grant = {"grant_type": "client_credentials"}
    answer = job.http.post("/v3/auth/token", data=grant, headers=authorization)
    secrets += [basic, answer.json()["access_token"]]
    secrets.append("a-wrong-secret-is-one-as-well")
    job.log_in(client_secret=secrets[-1])

    # Where nobody should put them.
    job.call("GET", f"/auth/credentials?access_token={quote(job.token)}")
    job.call("GET", f"/auth/{job.token}")
    job.call("POST", "/auth/credentials", content=job.client_secret.encode())
    job.call(
        "POST",
        "/auth/credentials",
        content=b'{"name": 1, "client_secret": "' + job.client_secret.encode(),
        headers={"Content-Type": "application/json"},
    )
    job.create(**{"X-Api-Key": "sent-in-a-header-of-its-own"}, Cookie="session=sent-in-a-cookie")
    secrets += ["sent-in-a-header-of-its-own", "sent-in-a-cookie"]

    # Faults show, cut and lose them.
    match = {"headers": {"Authorization": f"Bearer {job.token}", "Idempotency-Key": keys[1]}}
    job.control(
        "POST",
        "/faults",
        json={"match": match, "action": {"kind": "truncate"}, "name": job.client_secret},
        headers=headers,
    )
    actions: list[dict[str, Any]] = [
        {"kind": "drop", "when": "after_commit"},
        {"kind": "malformed_json"},
        {"kind": "media_type", "media_type": "text/plain"},
    ]
    for one, action in zip(keys[2:], [{"kind": "truncate"}, *actions], strict=False):
        match = {"headers": {"Idempotency-Key": one}}
        fault = {"match": match, "action": action, "fire": {"times": 1}}
        job.control("POST", "/faults", json=fault, headers=headers)
        try:
            spoilt = job.create(key=one)
        except httpx.RemoteProtocolError:
            spoilt = None
        if spoilt is not None:
            start = spoilt.text.split('"client_secret":"')[1]
            secrets.append(start.split('"')[0])
        secrets.append(job.create(key=one).json()["client_secret"])
    job.control(
        "POST",
        "/faults",
        json={"action": {"kind": "expire_token"}, "fire": {"times": 1}},
        headers=headers,
    )
    job.get()
    return secrets + keys


def shown(job: WiredJob, headers: dict[str, str]) -> str:
    """Everything that the mock tells of a job."""
    paths = ("", "/faults", "/journal", "/journal.har")
    texts = [job.control("GET", path, headers=headers).text for path in paths]
    texts.append(job.http.get("/_mock/partners", headers=headers).text)
    texts.append(job.http.get("/_mock/journal", headers=headers).text)
    texts.append(job.http.get("/_mock/metrics", headers=headers).text)
    wanted = len(job.journal())
    url = f"/_mock/partners/{job.id}/journal/events"
    with job.http.stream("GET", url, headers=headers) as events:
        for line in events.iter_lines():
            texts.append(line)
            wanted -= line.startswith("data: ")
            if not wanted:
                break
    return "\n".join(texts)


@pytest.mark.parametrize(
    ("level", "form"),
    [
        ("warning", "text"),
        ("debug", "text"),
        ("debug", "json"),
        *(
            pytest.param(*one, marks=pytest.mark.thorough)
            for one in (("warning", "json"), ("info", "text"), ("info", "json"))
        ),
    ],
)
def test_no_secret_is_in_the_journal_its_events_its_har_the_faults_the_metrics_or_the_log(
    level: str, form: str
) -> None:
    headers = {"Authorization": f"Bearer {ADMIN}"}
    options = ("--admin-token", ADMIN, "--log-level", level, "--log-format", form)
    with mock_process(*options) as mock:
        # The admin token goes with every request; a partner's own takes its place where needed.
        with httpx.Client(base_url=mock.origin, timeout=30, headers=headers) as http:
            job = WiredJob(http)
            secrets = live(job, headers)
            text = shown(job, headers)
        printed = mock.log()
    assert len(secrets) > 20
    for secret in [*secrets, ADMIN]:
        assert secret not in text
        assert quote(secret, safe="") not in text
        assert secret not in printed
    assert job.id in text
    assert text.count("redacted-") > 50
    lines = printed.splitlines()
    # Something was looked through: a line for each request, of this partner too.
    assert (len(lines) > 30 and job.id in printed) == (level != "warning")
    if form == "json":
        assert all(json.loads(line)["level"] for line in lines)


def test_a_partners_own_secrets_are_known_by_their_value_from_the_start() -> None:
    secret, token = "Zq8sKd92mXlP0aQwEr", "token-of-one-0123456789"
    wrong = "notTheSecret-0123456789"
    texts = []
    with (
        mock_process("--partner", f"one:{secret}:{token}") as mock,
        httpx.Client(base_url=mock.base_url, timeout=30) as http,
    ):
        for headers in ({}, {"Authorization": f"Bearer {token}"}):
            for one in (secret, token, wrong):
                spelled = "".join(f"%{ord(letter):02x}" for letter in one)
                http.delete(f"/auth/credentials/{one}", headers=headers)
                http.get(f"/auth/credentials?starting_after={one}", headers=headers)
                http.get(f"/auth/credentials?starting_after={spelled}", headers=headers)
                http.get("/auth/credentials", headers={**headers, "X-Debug": f"with {one}"})
                body = {"name": f"key {one}", one: [one]}
                http.post("/auth/credentials", headers=headers, json=body)
                texts.append(spelled)
            # Only now is it known.
            login = {"client_id": "one", "client_secret": wrong}
            http.post("/auth/token", json={"grant_type": "client_credentials", **login})
        [partner] = http.get(f"{mock.origin}/_mock/partners").json()["data"]
        shown = http.get(f"{mock.origin}/_mock/journal").text
        for path in ("journal", "journal.har"):
            shown += http.get(f"{mock.origin}/_mock/partners/{partner['id']}/{path}").text
    assert wrong not in shown
    for one in (secret, token, *texts):
        assert one not in shown
    assert "starting_after=redacted-" in shown


def test_the_same_secret_is_the_same_pseudonym_wherever_it_stands(job: Job) -> None:
    job.token = job.log_in().json()["access_token"]
    job.get()
    issued, used = job.journal()
    [pseudonym] = [value for name, value in used["request_headers"] if name == "authorization"]
    assert pseudonym.removeprefix("Bearer ") in issued["response_body"]
