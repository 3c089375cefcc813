"""XML request bodies: whether they are well-formed."""

from xml.parsers import expat


def check_xml(body: bytes, most_levels: int) -> None:
    """Raise ValueError for a body that is not well-formed, too deep, or declares entities.

    The parser expands nothing and reads nothing else: entities make a small body a large one.
    """
    check = _Check(most_levels)
    # The name of the encoding is the document's own business (RFC 7303 section 3).
    parser = expat.ParserCreate()
    parser.StartElementHandler = check.enter
    parser.EndElementHandler = check.leave
    parser.EntityDeclHandler = check.refuse_entity
    try:
        parser.Parse(body, True)  # noqa: FBT003 - the end of the document
    except expat.ExpatError as error:
        message = expat.ErrorString(error.code)
        raise ValueError(f"{message} at line {error.lineno}, column {error.offset}") from None
    except LookupError:
        raise ValueError("its encoding is not known") from None


class _Check:
    def __init__(self, most_levels: int) -> None:
        self._left = self._most = most_levels

    def enter(self, _name: str, _attributes: object) -> None:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"it is nested more than {self._most} deep")

    def leave(self, _name: str) -> None:
        self._left += 1

    def refuse_entity(self, *_declaration: object) -> None:
        raise ValueError("it declares an entity")
