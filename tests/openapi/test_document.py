import gc
import json
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path

import pytest

from openapi import document
from openapi.document import MAX_DEPTH, read_document
from openapi.errors import ContractError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(text: str | bytes, name: str = "contract.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to


def refusal(path: Path) -> ContractError:
    with pytest.raises(ContractError) as caught:
        read_document(path)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31T12:00:00Z", "2024-01-31T12:00:00Z"),
        ("1.2.3", "1.2.3"),
        ("12:30:45", "12:30:45"),
        *((word, word) for word in ("yes", "no", "on", "off", "Yes", "NO", "y", "n", "=", "<")),
        ("0123", "0123"),
        ("1_000", "1_000"),
        ("0x1f", "0x1f"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("'7'", "7"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("123456789012345678901234567890", 123456789012345678901234567890),
    ],
)
def test_plain_scalars_have_the_types_of_json(write: Write, text: str, value: object) -> None:
    read = read_document(write(f"a: {text}"))["a"]

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("key", ["200", "4.0", "true", "null", "yes", "2024-01-31", "~"])
def test_every_key_is_a_string(write: Write, key: str) -> None:
    assert read_document(write(f"{key}: x")) == {key: "x"}


@pytest.mark.parametrize("suffix", ["json", "JSON", "yaml", "yml", "txt"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_json_is_read_under_any_suffix_with_or_without_a_byte_order_mark(
    write: Write, suffix: str, mark: bytes
) -> None:
    path = write(mark + b'{"a": [1, 2.5, "x", {"b": null}]}', f"contract.{suffix}")

    assert read_document(path) == {"a": [1, 2.5, "x", {"b": None}]}


def test_anchors_and_merge_keys_are_expanded(write: Write) -> None:
    text = """
        base: &base {k: 1, l: 1}
        deep: {down: {here: &more {<<: *base, k: 2}}}
        used: {<<: *more, m: 3}
        list: {<<: [*base, {n: 4}]}
    """

    document = read_document(write(text))

    assert document["deep"]["down"]["here"] == {"k": 2, "l": 1}
    assert document["used"] == {"k": 2, "l": 1, "m": 3}
    assert document["list"] == {"k": 1, "l": 1, "n": 4}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: 2\na: 3", 3, "the key 'a' stands twice"),
        ("a:\n  b: 1\n  'b': 2", 3, "the key 'b' stands twice"),
        ("'200': 1\n200: 2", 2, "the key '200' stands twice"),
        ("base: &b {k: 1}\nuse:\n  <<: *b\n  l: 1\n  l: 2", 5, "the key 'l' stands twice"),
        ("a:\n\t- b", 2, "cannot start any token"),
        ("a: [1, 2", 2, "is not YAML"),
        ('a: 1\nb: "x', 2, "unexpected end of stream"),
        ("a: b: c", 1, "mapping values are not allowed"),
        ("a: {{ template }}", 1, "a key is not text"),
        ("? [a, b]\n: c", 1, "a key is not text"),
        ("a: *nowhere", 1, "undefined alias"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ("a: !!binary aGVsbG8=", 1, "tag:yaml.org,2002:binary"),
        ("a: !!timestamp 2020-01-01", 1, "tag:yaml.org,2002:timestamp"),
        ("a: !!python/name:os.system", 1, "python/name:os.system"),
        ("a: !mine x", 1, "!mine"),
        ("<<: 5", 1, "expected a mapping"),
        ('a: "\\ud800"', 1, "invalid Unicode character"),
        *(
            (f"a: !!{tag} '{text}'", 1, f"no literal of its tag tag:yaml.org,2002:{tag}")
            for tag, text in (
                ("int", ""),
                ("int", "1:1"),
                ("int", "0x1f"),
                ("float", ""),
                ("float", "1:" * 999 + "1"),
                ("float", ".nan"),
                ("bool", "maybe"),
            )
        ),
        ("a: !!int {b: c}", 1, "no literal of its tag"),
    ],
)
def test_bad_yaml_is_refused_with_the_line(write: Write, text: str, line: int, reason: str) -> None:
    path = write(text)
    error = refusal(path)

    assert error.place == f"{path}:{line}"
    assert reason in error.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1,\n "b": }', "is not JSON"),
        ("", "is not JSON"),
        (b'{"a": "\xff"}', "UTF-8"),
        ('{"a": "\\ud800"}', "is not JSON"),
        ('{"a": NaN}', "is not JSON"),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "the key 'b' stands twice"),
        ("[" * 100_000 + "]" * 100_000, "depth limit"),
        ('{"a":' * 300 + "1" + "}" * 300, f"nests more than {MAX_DEPTH} levels"),
        ("[]", "its top level is not a mapping"),
        ("7", "its top level is not a mapping"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_json_is_refused(write: Write, text: str | bytes, reason: str) -> None:
    path = write(text, "contract.json")
    error = refusal(path)

    assert error.place.startswith(str(path))
    assert reason in error.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "its top level is not a mapping"),
        ("# nothing", "its top level is not a mapping"),
        ("- a\n- b", "its top level is not a mapping"),
        ("just text", "its top level is not a mapping"),
        (b"a: \xff", "UTF-8"),
        (b"\x00", "control characters"),
        (b"\x7fELF\x02\x01", "control characters"),
        ("a: " + "9" * 5000, "has an integer of more than 4000 digits"),
        ("a: -" + "9" * 4200, "has an integer of more than 4000 digits"),
    ],
)
def test_a_file_without_a_mapping_is_refused(write: Write, text: str | bytes, reason: str) -> None:
    path = write(text)
    error = refusal(path)

    assert error.place == str(path)
    assert reason in error.reason


def nested_flow(depth: int) -> str:
    return "a: " + "[" * depth + "]" * depth


def nested_dashes(depth: int) -> str:
    return "- " * depth + "x"


def nested_blocks(depth: int) -> str:
    return "".join(f"{' ' * level}a:\n" for level in range(depth))


@pytest.mark.parametrize(
    ("nested", "depth"),
    [
        *product((nested_flow, nested_dashes, nested_blocks), (MAX_DEPTH + 1, 5000)),
        (nested_flow, 300_000),  # a depth at which the parser itself would crash
    ],
)
def test_nesting_that_would_overflow_the_stack_is_refused(
    write: Write, nested: Callable[[int], str], depth: int
) -> None:
    assert f"nests more than {MAX_DEPTH} levels" in refusal(write(nested(depth))).reason


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{f'*a{level - 1}, ' * 9}]" for level in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (laughs(30), "holds more than"),
        ("a: &a [*a]", "nests more than"),
        ("a: &a {b: *a, c: *a}", "holds more than"),
    ],
    ids=["laughs", "loop", "loops"],
)
def test_aliases_that_expand_without_end_are_refused(write: Write, text: str, reason: str) -> None:
    assert reason in refusal(write(text)).reason


@pytest.mark.parametrize(
    "text",
    [
        '{"a" : 12345678901234567890123}',
        '{"a":[-98765432109876543210, 1]}',
        '{"a": ["x",\n%s12345678901234567890123]}' % (" " * 200),
        '{"a": "x - 2605736670972794746, 2605736670972794746"}',
        '{"a": 0.12345678901234567890123, "b": 1e3, "c": 12345678901234567890123.0}',
        '{"a": ":b", "\\\\": "\\":", "\\"": {"": ":"}, ":" : "\\\\\\":"}',
        '{"a": [{}, [], {"a": null}], "b": {"a": true}}',
    ],
)
def test_json_is_read_as_the_standard_library_does(write: Write, text: str) -> None:
    assert repr(read_document(write(text, "contract.json"))) == repr(json.loads(text))


def test_json_that_needs_no_slower_reader_is_read_once(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document.json, "loads", unused)
    text = '{"a" : "x - 2605736670972794746", "b": [{"a": 9007199254740993}, "\\"\\\\"]}'
    found = read_document(write(text, "contract.json"))
    assert found == {"a": "x - 2605736670972794746", "b": [{"a": 9007199254740993}, '"\\']}


@pytest.mark.parametrize("name", ["contract.json", "contract.yaml"])
@pytest.mark.parametrize("text", ['{"a": 1}', '{"a": 1, "a": 2}'])
def test_the_garbage_collector_rests_only_while_a_file_is_read(
    write: Write, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    checked = document.check_size
    enabled = []

    def check_size(value: object) -> int:
        enabled.append(gc.isenabled())
        return checked(value)

    monkeypatch.setattr(document, "check_size", check_size)
    assert gc.isenabled()
    with suppress(ContractError):
        read_document(write(text, name))
    assert gc.isenabled()
    assert not any(enabled)


def unused(*_: object, **__: object) -> None:
    raise AssertionError("the values are made before they are counted")


def test_too_many_values_are_counted_before_they_are_made(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "MAX_NODES", 1000)
    pairs = ", ".join(f'"k{at}": [{{}}]' for at in range(450))
    assert read_document(write(f"{{{pairs}}}"))
    assert read_document(write(f"{{{pairs}}}", "contract.json"))
    monkeypatch.setattr(document.yaml, "load", unused)
    monkeypatch.setattr(document.orjson, "loads", unused)
    assert "holds more than 1000 values" in refusal(write(f"a: [{'x, ' * 1001}]")).reason
    assert "holds more than 1000 values" in refusal(write(f"a: {{{pairs}, {pairs}}}")).reason
    error = refusal(write(f'{{"a": [{"{}, " * 1001}0]}}', "contract.json"))
    assert "more than 2000 commas and brackets" in error.reason


def test_merged_pairs_are_counted_however_many_are_the_same(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "MAX_NODES", 1000)
    base = f"a: &a {{{', '.join(f'k{at}: 1' for at in range(100))}}}\n"
    assert len(read_document(write(f"{base}b: {{<<: [{'*a, ' * 5}]}}"))["b"]) == 100
    assert "holds more than" in refusal(write(f"{base}b: {{<<: [{'*a, ' * 20}]}}")).reason


def test_an_unreadable_file_is_named_with_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    missing = refusal(tmp_path / "missing.yaml")
    directory = refusal(tmp_path)
    monkeypatch.setattr("openapi.files.os.open", denied)
    unreadable = refusal(tmp_path / "secret.yaml")

    assert missing.place == str(tmp_path / "missing.yaml")
    assert missing.reason == "cannot be read: No such file or directory"
    assert directory.reason == "cannot be read: Is a directory"
    assert unreadable.reason == "cannot be read: Permission denied"
