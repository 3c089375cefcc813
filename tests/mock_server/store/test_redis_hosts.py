"""Several hosts on one Redis: one resource for one key, whatever happens to the server."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from demo.mock_process import MockProcess, mock_process
from demo.redis_server import PROGRAM, RedisServer, redis_server

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="NOT TESTED: there is no redis-server on PATH"
)

SECRET = "dinie_cs_live_of_the_partner_itself"
TOKEN = "dinie_at_of_two_hosts"
PARTNER = f"dinie_ci_live_hosts:{SECRET}:{TOKEN}"
PASSWORD = "a-password-of-redis"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path, PASSWORD) as server:
        yield server


@pytest.fixture
def hosts(redis: RedisServer) -> Iterator[list[MockProcess]]:
    options = ("--store", redis.url, "--partner", PARTNER, "--rate-limit", "1000000/minute")
    with mock_process(*options) as first, mock_process(*options) as second:
        yield [first, second]


def create(host: MockProcess, key: str, name: str = "x") -> httpx.Response:
    return httpx.post(
        f"{host.base_url}/auth/credentials",
        json={"name": name},
        headers={"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key},
        timeout=30,
    )


def listed(host: MockProcess) -> list[str]:
    found: list[str] = []
    while True:
        after = {"starting_after": found[-1]} if found else {}
        page = httpx.get(
            f"{host.base_url}/auth/credentials",
            params={"limit": 100, **after},
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=30,
        ).json()
        found += [one["client_id"] for one in page["data"]]
        if not page["has_more"]:
            return found


def test_one_key_on_two_hosts_makes_one_resource(hosts: list[MockProcess]) -> None:
    for _ in range(5):
        key = str(uuid.uuid4())
        before = listed(hosts[0])
        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(create, hosts * 16, [key] * 32))
        assert {one.status_code for one in answers} == {201}
        assert len({one.content for one in answers}) == 1
        assert len(listed(hosts[1])) == len(before) + 1


@pytest.mark.thorough
def test_what_one_host_has_done_the_other_knows(hosts: list[MockProcess]) -> None:
    first, second = hosts
    made = create(first, "one").json()
    assert create(second, "one").json() == made
    assert create(second, "one", name="other").status_code == 422
    basic = (made["client_id"], made["client_secret"])
    form = {"grant_type": "client_credentials"}
    token = httpx.post(f"{second.base_url}/auth/token", data=form, auth=basic).json()
    assert token["token_type"] == "bearer"
    gone = httpx.delete(
        f"{first.base_url}/auth/credentials/{made['client_id']}",
        headers={"Authorization": f"Bearer {token['access_token']}"},
    )
    assert gone.status_code == 204
    refused = httpx.post(f"{second.base_url}/auth/token", data=form, auth=basic)
    assert refused.status_code == 401


@pytest.mark.thorough
def test_a_reset_begins_the_rate_limit_anew(redis: RedisServer) -> None:
    options = ("--store", redis.url, "--partner", PARTNER, "--rate-limit", "2/minute")
    with mock_process(*options) as host:
        statuses = [create(host, str(number)).status_code for number in range(3)]
        assert statuses == [201, 201, 429]
        control = host.base_url.removesuffix("/v3") + "/_mock/partners"
        [partner] = httpx.get(control).json()["data"]
        assert httpx.post(f"{control}/{partner['id']}/reset").status_code == 204
        assert create(host, "again").status_code == 201


@pytest.mark.thorough
def test_a_server_that_is_away_is_a_500_and_nothing_is_lost_or_made_twice(
    hosts: list[MockProcess], redis: RedisServer
) -> None:
    confirmed: dict[str, bytes] = {}
    failed: list[str] = []
    for number in range(60):
        if number == 20:
            redis.kill()
        if number == 40:
            redis.start()
        key = str(uuid.uuid4())
        answer = create(hosts[number % 2], key)
        if answer.status_code == 201:
            confirmed[key] = answer.content
        else:
            assert answer.status_code == 500
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "store_unavailable"
            failed.append(key)
    assert len(failed) == 20
    for key, first in confirmed.items():
        assert create(hosts[0], key).content == first
    made = {create(hosts[1], key).json()["client_id"] for key in failed}
    found = listed(hosts[0])
    assert len(found) == len(set(found)) == len(confirmed) + len(made) == 60


@pytest.mark.thorough
def test_no_secret_is_in_what_redis_writes(hosts: list[MockProcess], redis: RedisServer) -> None:
    secrets = [SECRET, TOKEN]
    for _ in range(5):
        key = str(uuid.uuid4())
        secrets += [key, create(hosts[0], key).json()["client_secret"]]
    written = b"".join(path.read_bytes() for path in redis.folder.rglob("*") if path.is_file())
    assert b"credential:" in written
    for secret in secrets:
        assert secret.encode() not in written


@pytest.mark.thorough
def test_the_password_is_nowhere_in_the_announcement_or_the_log(
    hosts: list[MockProcess], redis: RedisServer
) -> None:
    assert ready(hosts[0]) == 200
    redis.kill()
    assert create(hosts[0], "one").status_code == 500
    assert ready(hosts[0]) == 503
    redis.start()
    assert ready(hosts[0]) == 200
    told = hosts[0].announcement + hosts[0].log()
    assert "cannot be used" in told
    assert "not ready: redis://127.0.0.1:" in told
    assert "ready again" in told
    assert PASSWORD not in told


@pytest.mark.thorough
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_in_the_log_of_a_host_whose_server_goes_away(
    redis: RedisServer, form: str
) -> None:
    options = ("--store", redis.url, "--partner", PARTNER, "--log-level", "debug")
    keys = [str(uuid.uuid4()) for _ in range(3)]
    with mock_process(*options, "--log-format", form) as host:
        made = create(host, keys[0]).json()["client_secret"]
        redis.kill()
        failed = create(host, keys[1])
        assert failed.status_code == 500
        httpx.get(f"{host.base_url}/nope", params={"access_token": TOKEN, "key": keys[2]})
        log = host.log()
    assert failed.headers["x-request-id"] in log
    for secret in (PASSWORD, SECRET, TOKEN, made, *keys):
        assert secret not in log


def ready(host: MockProcess) -> int:
    return httpx.get(f"{host.origin}/_mock/ready", timeout=30).status_code
