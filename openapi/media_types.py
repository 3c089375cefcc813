"""Media types (RFC 9110 section 8.3.1), compared without their parameters."""


def plain(media_type: str) -> str:
    """A media type in lower case and without parameters: what two of them are compared by."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether bodies of this media type are JSON (RFC 6839 section 3.1: the suffix counts)."""
    return plain(media_type).endswith(("/json", "+json"))
