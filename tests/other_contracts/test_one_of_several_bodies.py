"""Bodies of one of several forms: what another form allows is no wrong data."""

from hypothesis import given
from hypothesis import strategies as st

from conformance.generation import invalid_bodies
from openapi.document import Document
from openapi.schema import Schemas
from tests.mock_server.kept.contracts import obj, text

CAT = obj("kind", "name", "lives", kind={"const": "cat"}, name=text(minLength=1),
          lives={"type": "integer", "minimum": 1, "maximum": 9})  # fmt: skip
DOG = obj("kind", "name", kind={"enum": ["dog", "big-dog"]}, name=text(minLength=1),
          bark={"type": "string", "enum": ["loud", "quiet"]})  # fmt: skip

DOCUMENT = {"openapi": "3.1.0", "several": {"anyOf": [CAT, DOG, {"type": "array"}]}}
SCHEMA = Schemas(Document(DOCUMENT)).at("#/several")


@given(st.one_of(invalid_bodies(SCHEMA, {"kind": "cat", "name": "a", "lives": 1})))
def test_only_what_no_form_allows_is_wrong(body: object) -> None:
    assert not SCHEMA.is_valid(body)
