"""Media types: their names, parameters and ranges (RFC 9110 section 8.3)."""

import re

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def essence(media_type: str) -> str:
    """Return the media type in lower case and without parameters (RFC 9110 section 8.3.1)."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether bodies of this media type are JSON (RFC 6839 section 3.1: the suffix counts)."""
    return essence(media_type).endswith(("/json", "+json"))


def is_xml(media_type: str) -> bool:
    """Whether bodies of this media type are XML (RFC 7303 sections 4.2 and 9)."""
    return essence(media_type).endswith(("/xml", "+xml"))


def is_plain_text(media_type: str) -> bool:
    """Whether any text is a body of this media type, as far as the type says."""
    return essence(media_type) in {"text/plain", "text/markdown", "text/*"}


_PARAMETER = re.compile(r""";\s*([^=;\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)""")


_SAME_TYPE = ("charset", "boundary", "q")
"""Parameters that make no other type of a media type."""


def type_parameters(media_type: str) -> dict[str, str]:
    """The parameters by which a media type differs from others: ``version`` of ``…;version=1``."""
    if ";" not in media_type:
        return {}
    found = {name.lower(): text.strip().strip('"') for name, text in _PARAMETER.findall(media_type)}
    return {name: found[name] for name in sorted(found) if name not in _SAME_TYPE}


def canonical(media_type: str) -> str:
    """The media type in lower case with the parameters that tell it from others, in order."""
    parameters = type_parameters(media_type).items()
    return essence(media_type) + "".join(f";{name}={text}" for name, text in parameters)


def specificity(media_range: str, media_type: str) -> int:
    """How closely a range names a media type, parameters left aside; 0 where it does not match.

    The ranges are ``*/*``, ``image/*``, ``application/*+json`` and the type itself.
    """
    if media_range == media_type:
        return 4
    main_type, _, subtype = media_range.partition("/")
    if subtype.startswith("*+"):
        is_matched = media_type.startswith(f"{main_type}/") and media_type.endswith(subtype[1:])
        return 3 if is_matched else 0
    if subtype != "*":
        return 0
    return 2 if media_type.startswith(f"{main_type}/") else int(main_type == "*")
