"""`client` and `exercise` judge a client of the payments API by its contract."""

import json
import subprocess
import sys
from pathlib import Path

from tests.payments.serving import FILE

CLIENT = """
import json, os, time, urllib.error, urllib.request, uuid

base, token = os.environ["DINIE_BASE_URL"], os.environ["DINIE_TOKEN"]

def post(path, body):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json",
               "Idempotency-Key": str(uuid.uuid4())}
    for wait in (0.2, 0.4, 0.8, 1.6):
        request = urllib.request.Request(base + path, json.dumps(body).encode(), headers)
        try:
            return json.load(urllib.request.urlopen(request, timeout=10))
        except (OSError, ValueError, urllib.error.URLError):
            time.sleep(wait)
    raise SystemExit(1)

merchant = post("/merchants", {"legalName": "Bakery", "country": "BR"})
post(f"/merchants/{merchant['merchantRef']}/payments", {"amount": 5, "currency": "EUR"})
"""


def test_a_client_is_exercised_by_the_contract(tmp_path: Path) -> None:
    client, har = tmp_path / "client.py", tmp_path / "client.har"
    client.write_text(CLIENT)
    mock = [sys.executable, "-m", "mock_server", "exercise", "--contract", str(FILE)]
    options = ("--preset", "lost-response", "--format", "json", "--har", str(har), "--quiet")
    exercised = subprocess.run(
        [*mock, *options, "--", sys.executable, str(client)],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    report = json.loads(exercised.stdout)
    judged = subprocess.run(
        [sys.executable, "-m", "conformance.cli", "client", "--contract", str(FILE), "--har",
         str(har), "--format", "json"],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    for found in (report, json.loads(judged.stdout)):
        assert found["contract"].startswith("Payments 4.2 (")
        operations = {one["operation"] for one in found["results"] if one["outcome"] == "passed"}
        assert {"openMerchant", "takePayment"} <= operations
        assert not [one for one in found["results"] if one["outcome"] == "failed"]
