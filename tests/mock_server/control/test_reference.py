"""The contract as it is served, the page that shows it, and the files of pages."""

import re
from pathlib import Path

import pytest
import yaml

from mock_server.control.policies import PAGE_POLICY
from mock_server.settings import Settings
from openapi.document import document_errors
from tests.mock_server.clients import FIRST, Client, Judge, Serving

CONTRACTS = Path(__file__).parents[1] / "documented" / "contracts"
TRAVERSALS = ("..%2F..%2Fapp.py", "%2Fetc%2Fpasswd", "..\\app.py", "packages.toml", "LICENSE")


def assets_of(client: Client) -> list[str]:
    return re.findall(r'(?:href|src)="(/_mock/assets/[^"]+)"', client.get("/_mock/docs").text)


def test_the_contract_has_the_mock_as_its_only_server(client: Client, judged: Judge) -> None:
    document = judged(client.get("/_mock/openapi.json")).json()

    assert [one["url"] for one in document["servers"]] == ["/v3"]
    assert document["info"]["title"] == "Dinie credentials API"
    assert list(document_errors(document)) == []


@pytest.mark.parametrize("name", ["payments-3.1.yaml", "pets-3.0.yaml"])
def test_any_contract_is_served_in_both_forms(serving: Serving, name: str) -> None:
    source = yaml.safe_load((CONTRACTS / name).read_text())
    with serving(Settings(contract=CONTRACTS / name)) as client:
        document = client.get("/_mock/openapi.json").json()
        text = client.get("/_mock/openapi.yaml").text
        [server] = document["servers"]
        page = client.get("/_mock/docs")

    assert yaml.safe_load(text) == document
    assert list(document_errors(document)) == []
    assert document["openapi"].startswith("3.1.")
    assert source["info"]["title"] in page.text
    assert server["url"].startswith("/")
    assert document["paths"].keys() == source["paths"].keys()


def test_each_operation_has_the_server_under_which_the_mock_has_it(
    serving: Serving, tmp_path: Path
) -> None:
    done = {"responses": {"200": {"description": "Fine."}}}
    moved = {**done, "servers": [{"url": "https://elsewhere.example/c"}]}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "A <b>title</b>", "version": "1"},
        "servers": [{"url": "https://{host}/a%20b", "variables": {"host": {"default": "x"}}}],
        "paths": {
            "/one": {"servers": [{"url": "https://elsewhere.example/a b"}], "get": done},
            "/two": {"get": done, "put": moved},
        },
    }
    (tmp_path / "contract.yaml").write_text(yaml.dump(document))
    with serving(Settings(contract=tmp_path / "contract.yaml")) as client:
        served = client.get("/_mock/openapi.json").json()
        page = client.get("/_mock/docs").text
        statuses = [
            client.request(method, one["servers"][0]["url"] + path).status_code
            for path, item in served["paths"].items()
            for method, one in item.items()
        ]

    assert "elsewhere" not in str(served)
    assert [one["url"] for one in served["servers"]] == ["/"]
    urls = [one["servers"][0]["url"] for item in served["paths"].values() for one in item.values()]
    assert urls == ["/a%20b", "/a%20b", "/c"]
    assert statuses == [200, 200, 200]
    assert "A &lt;b&gt;title&lt;/b&gt;" in page


def test_a_page_has_one_policy_and_no_text_of_a_script(client: Client, judged: Judge) -> None:
    response = judged(client.get("/_mock/docs"))

    assert response.headers.get_list("content-security-policy") == [PAGE_POLICY]
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?! src=)|<style|style=|\son\w+=", response.text)


def test_it_has_the_navigation_of_the_console(client: Client) -> None:
    def navigation(path: str) -> list[tuple[str, str]]:
        [text] = re.findall(r"<nav(.*?)</nav>", client.get(path).text, re.DOTALL)
        return re.findall(r'<a href="([^"]+)"[^>]*>(\w+)', text)

    links = navigation("/_mock/docs")
    assert links == navigation(f"/_mock/ui/partners/{FIRST.partner_id}")
    assert [client.get(path).status_code for path, _ in links] == [200] * 7


def test_another_partner_is_named_by_the_query(client: Client) -> None:
    page = client.get("/_mock/docs", params={"partner": '"><script>'}).text
    assert 'data-partner="&#34;&gt;&lt;script&gt;"' in page


def test_the_page_is_nobody_elses(client: Client) -> None:
    for path in ("/_mock/docs", "/_mock/openapi.json", "/_mock/openapi.yaml"):
        assert client.get(path, headers={"Host": "elsewhere.example"}).status_code == 403
        assert client.get(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_the_files_of_a_page_are_kept_for_ever(client: Client, judged: Judge) -> None:
    assets = assets_of(client)
    assert len(assets) == 5
    for path in assets:
        response = judged(client.get(path))
        assert response.status_code == 200
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        kind = "css" if path.endswith(".css") else "javascript"
        assert response.headers["content-type"] == f"text/{kind}; charset=utf-8"
        head = client.request("HEAD", path)
        assert (head.status_code, head.headers["content-length"]) == (
            200,
            str(len(response.content)),
        )


def test_only_the_files_of_pages_are_served(client: Client) -> None:
    path = assets_of(client)[0]
    folder, _, name = path.rpartition("/")
    for wrong in (f"/_mock/assets/{'0' * 16}/{name}", *(f"{folder}/{one}" for one in TRAVERSALS)):
        assert client.get(wrong).status_code == 404, wrong


def test_the_reference_needs_the_admin_token_and_its_files_do_not(serving: Serving) -> None:
    with serving(Settings(admin_token="secret", partners=(FIRST,))) as client:
        assert client.get("/_mock/docs").status_code == 401
        authorization = {"Authorization": "Bearer secret"}
        page = client.get("/_mock/docs", headers=authorization).text
        [path, *_] = re.findall(r'src="(/_mock/assets/[^"]+)"', page)
        assert client.get(path).status_code == 200
