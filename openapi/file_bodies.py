"""Small files of binary media types: a body of a type must be of that type."""

from base64 import b64decode
from binascii import Error

from openapi.media_types import essence

_PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj
xref
0 4
0000000000 65535 f\x20
0000000009 00000 n\x20
0000000052 00000 n\x20
0000000101 00000 n\x20
trailer<</Size 4/Root 1 0 R>>
startxref
162
%%EOF
"""

_WAV = (
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0"
)

_ZIP = b"PK\x05\x06" + bytes(18)

_GZIP = b"\x1f\x8b\x08" + bytes(6) + b"\xff\x03" + bytes(9)

_FILES = {
    "image/png": b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
    ),
    "image/gif": b64decode("R0lGODdhAQABAIEAAP///wAAAAAAAAAAACwAAAAAAQABAAAIBAABBAQAOw=="),
    "image/jpeg": b64decode(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP////////////////////////////////////////////////////////////"
        "//////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAA"
        "AAAAAAAAD/2gAIAQEAAD8AR//Z"
    ),
    "image/webp": b64decode("UklGRhoAAABXRUJQVlA4TA4AAAAvAAAAAAcQGf0PRET/Aw=="),
    "image/tiff": b64decode(
        "SUkqAAgAAAAJAAABBAABAAAAAQAAAAEBBAABAAAAAQAAAAIBAwABAAAACAAAAAMBAwABAAAAAQAAAAYBAwABAAAAAQAA"
        "ABEBBAABAAAAegAAABYBBAABAAAAAQAAABcBBAABAAAAAQAAABwBAwABAAAAAQAAAAAAAAD/"
    ),
    "application/pdf": _PDF,
    "application/zip": _ZIP,
    "application/gzip": _GZIP,
    "application/x-tar": bytes(1024),
    "audio/wav": _WAV,
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
}
_SAME = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "application/x-pdf": "application/pdf",
    "application/x-zip-compressed": "application/zip",
    "application/java-archive": "application/zip",
    "application/x-gzip": "application/gzip",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
}

_BINARY = ("image/", "audio/", "video/", "font/", "model/")
_BINARY_APPLICATIONS = (
    "octet-stream", "pdf", "zip", "gzip", "tar", "compressed", "archive", "msword", "ms-excel",
    "ms-powerpoint", "officedocument", "opendocument", "protobuf", "x-protobuf", "msgpack",
    "x-msgpack", "vnd.msgpack", "cbor", "wasm", "rtf", "epub+zip", "x-bzip", "x-bzip2", "zstd",
    "grpc", "avro", "parquet", "ogg", "dicom", "pkcs7", "pkcs8", "pkcs10", "pkcs12", "pkix-cert",
    "vnd.android.package-archive", "binary", "x-binary", "x-sqlite3", "vnd.sqlite3", "x-pdf",
)  # fmt: skip
_MAGIC = 4
"""The bytes by which a file is known to be of its type."""


def is_binary(media_type: str) -> bool:
    """Whether bodies of a media type are no text."""
    name = essence(media_type)
    main_type, _, subtype = name.partition("/")
    if name == "image/svg+xml":
        return True
    if subtype.endswith(("+json", "+xml")):
        return False
    if name.startswith(_BINARY):
        return True
    return main_type == "application" and any(one in subtype for one in _BINARY_APPLICATIONS)


def file_of(media_type: str, example: object = None) -> bytes:
    """A file of a binary media type, as small as can be; nothing where the type has no such file.

    An example is taken where it is such a file, as it is or in base64.
    """
    name = essence(media_type)
    if name == "application/octet-stream":
        return example.encode("utf-8", "replace") if isinstance(example, str) else b""
    file = _FILES.get(_SAME.get(name, name), b"")
    found = _content(example) if isinstance(example, str) else b""
    return found if file and found.startswith(file[:_MAGIC]) else file


_ANY_BYTES = ("*/*", "application/*", "application/octet-stream")
_OF_RANGES = {"image/*": "image/png", "audio/*": "audio/wav"}


def holds_any_bytes(media_type: str) -> bool:
    """Whether any bytes are a file of a media type, or of one in its range."""
    return essence(media_type) in _ANY_BYTES


def sent_type(media_type: str) -> str | None:
    """The binary media type that a request has for one of a contract; None where no file is known.

    A range has one of the types in it.
    """
    if holds_any_bytes(media_type):
        return "application/octet-stream"
    name = _OF_RANGES.get(essence(media_type), media_type)
    return name if file_of(name) else None


def _content(example: str) -> bytes:
    """The file that a text is, in base64 or as it is."""
    try:
        return b64decode(example, validate=True)
    except (Error, ValueError):
        return example.encode("utf-8", "replace")
