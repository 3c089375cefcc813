"""``dinie-mock report`` on what is no mock: one line and no verdict, whatever it answers."""

import pytest

from mock_server.cli.main import main
from tests.fake_server import CLOSE, FakeRequest, Reply, Then, fake_server

OK = b"HTTP/1.1 200 OK\r\n"
PARTNERS = b'{"data": [{"id": "p"}]}'


def answer(body: bytes, head: bytes = OK) -> Reply:
    return Reply(b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body))


def report(origin: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["report", "--url", origin])
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    "url",
    ["http://me:Zq8sKd92mXlP0aQwErTy@127.0.0.1:1", "http://Zq8sKd92mXlP0aQwErTy@127.0.0.1:1",
     "http://127.0.0.1:1?token=Zq8sKd92mXlP0aQwErTy", "Zq8sKd92mXlP0aQwErTy", "http://[::1/"],
)  # fmt: skip
def test_no_error_repeats_a_url_that_may_hold_a_secret(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(url) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("dinie-mock: Invalid value for '--url': ")
    assert "Zq8s" not in line


def test_a_mock_that_repeats_the_admin_token_is_shown_without_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    token = "an admin token".replace(" ", "-")
    with (
        fake_server(
            lambda _: answer(f'{{"detail": "{token}"}}'.encode(), b"HTTP/1.1 403 X\r\n")
        ) as origin,
        pytest.raises(SystemExit),
    ):
        main(["report", "--url", origin, "--admin-token", token])
    assert "[hidden]" in capsys.readouterr().err


LISTS = {
    "no JSON": answer(b"[1"),
    "no object": answer(b"[]"),
    "no list": answer(b'{"data": 7}'),
    "no partners": answer(b'{"data": [1]}'),
    "no text": answer(b"\xff\xfe\x00"),
    "deep JSON": answer(b"[" * 200_000),
    "no gzip": answer(b"x", OK + b"Content-Encoding: gzip\r\n"),
    "no answer": CLOSE,
    "a problem that is none": answer(b"[" * 200_000, b"HTTP/1.1 500 X\r\n"),
    "another place": answer(b"", b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\n"),
    "escapes": answer(b'{"detail": "\\u001b]0;x\\u0007\\n::error::y"}', b"HTTP/1.1 403 X\r\n"),
    "no length": Reply(OK + b"Content-Length: x\r\n\r\n", Then.CLOSE),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_partners_that_is_none_is_one_line(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_server(lambda _: LISTS[name]) as origin:
        assert report(origin) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    [line] = printed.err.splitlines()
    assert line.startswith(f"dinie-mock: {origin}")
    assert line.isprintable()
    assert "fault of the mock" not in line


@pytest.mark.parametrize("code", ["", "x", "7", "-1", "256", "00", "1e0"])
def test_an_exit_code_that_is_none_is_no_verdict(
    code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def answering(request: FakeRequest) -> Reply:
        is_report = "/report" in request.line
        return answer(b"Conforms", OK + f"Exit-Code:{code}\r\n".encode()) if is_report else (
            answer(PARTNERS)
        )  # fmt: skip

    with fake_server(answering) as origin:
        assert report(origin) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"dinie-mock: {origin} is no mock: its report has no verdict\n"


def test_an_id_names_nothing_but_a_partner(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []

    def answering(request: FakeRequest) -> Reply:
        lines.append(request.line)
        return answer(b'{"data": [{"id": "../../x?y#z"}]}')

    with fake_server(answering) as origin:
        assert report(origin) == 2
    assert lines[1].startswith("GET /_mock/partners/..%2F..%2Fx%3Fy%23z/report?")
    capsys.readouterr()


def test_an_answer_has_a_bound(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mock_server.testing.partner_mock._MOST_BYTES", 1000)
    with fake_server(lambda _: answer(bytes(2000))) as origin:
        assert report(origin) == 2
    assert "is no mock: an answer has more than 1000 bytes" in capsys.readouterr().err
