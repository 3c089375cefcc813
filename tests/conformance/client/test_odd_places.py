"""Secrets of a client in odd places and spellings: none is in a journal or a report."""

import base64
import json
import os
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from conformance.journal.har import har_of
from conformance.journal.har_reading import entries_of
from conformance.journal.redaction import Redactor
from tests.conformance.client.test_command import new_key_on_a_retry
from tests.conformance.fuzz.conftest import CONTRACT

SECRET = "Zq8sKd92mXlP0aQwErTy"
URL = f"http://host{CONTRACT.base_path}/auth/credentials"
IN_JSON = json.dumps({"client_secret": SECRET})
PART = "--b\r\nContent-Disposition: form-data; {}\r\n\r\n" + SECRET + "\r\n--b--"


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def exchange(url: str = URL, body: str = "", **headers: str) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-03-01T00:00:00Z",
        "request": {
            "method": "POST",
            "url": url,
            "headers": [
                {"name": name.replace("_", "-"), "value": one} for name, one in headers.items()
            ],
            "postData": {"mimeType": "text/plain", "text": body},
        },
        "response": {"status": 422},
    }


PLACES = {
    "JSON in a query": exchange(f"{URL}?q={quote(IN_JSON)}"),
    "JSON in a query, encoded twice": exchange(f"{URL}?q={quote(quote(IN_JSON))}"),
    "JSON in a form": exchange(body=f"a=1&data={quote(IN_JSON)}"),
    "a URL in a query": exchange(f"{URL}?to={quote(f'http://x/?access_token={SECRET}', safe='')}"),
    "a query in a path": exchange(f"{URL}/x%3Faccess_token%3D{SECRET}"),
    "a parameter of a path": exchange(f"{URL};client_secret={SECRET}/x"),
    "a query by semicolons": exchange(f"{URL}?a=1;client_secret={SECRET}"),
    "a form by semicolons": exchange(body=f"a=1;client_secret={SECRET}"),
    "a fragment": exchange(f"{URL}#access_token={SECRET}"),
    "a query in a fragment": exchange(f"{URL}#/to?access_token={SECRET}"),
    "a user": exchange(f"http://{SECRET}@host/v3"),
    "a user without a password": exchange(f"http://{SECRET}:@host/v3"),
    "a user with a sign": exchange(f"http://a@{SECRET}@host/v3"),
    "a password": exchange(f"http://me:{SECRET}@host/v3"),
    "a user of HTTP Basic": exchange(Authorization=f"Basic {in_base64(f'{SECRET}:')}"),
    "X-Auth": exchange(X_Auth=SECRET),
    "Authentication": exchange(Authentication=f"Bearer {SECRET}"),
    "X-Secret-Key": exchange(X_Secret_Key=SECRET),
    "X-Credentials": exchange(X_Credentials=SECRET),
    "X-Signature": exchange(X_Signature=SECRET),
    "Subscription-Key": exchange(Subscription_Key=SECRET),
    "a scheme in any header": exchange(X_Upstream=f"Bearer {SECRET}"),
    "a URL in any header": exchange(X_Original_URL=f"/v3?access_token={SECRET}"),
    "a user in any header": exchange(Origin=f"http://me:{SECRET}@host"),
    "multipart, without quotes": exchange(body=PART.format("name=client_secret")),
    "multipart, in single quotes": exchange(body=PART.format("name='client_secret'")),
    "multipart, extended": exchange(body=PART.format("name*=utf-8''client_secret")),
    "multipart, two lines": exchange(body=PART.format('name="client_secret"\r\n\r\n')),
    "XML": exchange(body=f"<r><client_secret>{SECRET}</client_secret></r>"),
    "an attribute": exchange(body=f"<r client_secret='{SECRET}'/>"),
    "YAML": exchange(body=f"name: x\nclient_secret: {SECRET}\n"),
    "a literal of Python": exchange(body=repr({"client_secret": SECRET})),
    "a header in a text": exchange(body=f"Authorization: Bearer {SECRET}"),
    "a header in a command": exchange(body=f"curl -H 'Authorization: Bearer {SECRET}'"),
    "headers as JSON": exchange(body=json.dumps([["Authorization", f"Bearer {SECRET}"]])),
    "a sentence": exchange(body=json.dumps({"detail": f"the client_secret {SECRET} is wrong"})),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_it_is_found_in_an_odd_place(place: dict[str, Any]) -> None:
    redactor = Redactor()
    [entry] = entries_of({"log": {"entries": [place]}}, redactor)
    assert SECRET not in str(astuple(entry))
    assert "redacted-" in str(astuple(entry))


def test_prose_and_ids_stay_as_they_are() -> None:
    text = json.dumps(
        {
            "detail": "The access token expired at 2026-03-01. The key: production-of-tomorrow.",
            "token_type": "Bearer",
            "key": "dinie_ci_live_c4170d9ea525f506178a37570c14afc2",
            "id": "6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83",
            "next": "/v3/auth/credentials?starting_after=6f1c2b9e-8a34-4d57-9c1f-2e7b5a0d4c83",
        }
    )
    assert Redactor().text(text) == text
    assert Redactor().url(f"{URL}?limit=1#top") == f"{URL}?limit=1#top"


@pytest.mark.parametrize(
    "unit", ["token ", "token:", "key=", "bearer bearer ", "name='", "name=", "name=x\n", "?", "#&",
             "token%25", "token" + "%25" * 20, "token aB1cD2eF3gH4iJ5kL6 ", "x" * 79 + "token"],
)  # fmt: skip
def test_a_long_text_takes_no_more_time_than_its_length(unit: str) -> None:
    """Quadratic time would not end before the test is stopped."""
    text, redactor = unit * (200_000 // len(unit)), Redactor()
    redactor.text(text)
    redactor.url(f"http://host/?{text}#{text}")
    redactor.url(f"http://{text}#")


def every(form: str, text: str) -> str:
    return "".join(form % ord(one) for one in text)


SPELLINGS = {
    "lower case": SECRET.lower(),
    "base64": in_base64(SECRET),
    "base64 among others": in_base64(f"a{SECRET}b"),
    "base64 twice": in_base64(in_base64(SECRET)),
    "hexadecimal": SECRET.encode().hex(),
    "percent twice": every("%%25%02x", SECRET),
    "groups": "-".join(SECRET[at : at + 4] for at in range(0, 20, 4)),
    "its end": SECRET[-16:],
}


def with_spellings() -> dict[str, Any]:
    """The journal of a client that sends a token, and repeats it in every spelling in a URL."""
    document = har_of(new_key_on_a_retry())
    entries = document["log"]["entries"]
    for entry in entries:
        entry["request"]["headers"].append({"name": "authorization", "value": f"Bearer {SECRET}"})
        entry["request"]["headers"].append({"name": "X-Note", "value": in_base64(SECRET)})
    entries += [
        {**entries[-1], "_number": 1000 + number,
         "request": {**entries[-1]["request"], "url": f"{URL}?token=x&note={spelled}",
                     "postData": {"mimeType": "application/json",
                                  "text": json.dumps({"name": f"x {spelled}", "wrong": spelled})}}}
        for number, spelled in enumerate(SPELLINGS.values())
    ]  # fmt: skip
    return document


@pytest.mark.parametrize(
    "form",
    ["text", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("json", "junit", "html"))],
)
def test_no_report_on_a_client_repeats_it_in_another_spelling(form: str, tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text(json.dumps(with_spellings()))
    done = subprocess.run(
        [sys.executable, "-m", "conformance.cli", "client", "--har", "a.har", "--format", form],
        check=False, cwd=tmp_path, capture_output=True, text=True, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "note=[hidden]" in done.stdout.replace("&amp;", "&")
    for spelled in (SECRET, *SPELLINGS.values()):
        assert spelled not in done.stdout
        assert spelled[:30] not in done.stdout
