"""What a browser may do with an answer of the control plane (CSP Level 3, Fetch section 3.6)."""

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""The ``Content-Security-Policy`` of our own pages: all that they load and call is the mock's.

A page answers it as its own header, which replaces the one in :data:`NO_PAGES`.
"""

NO_PAGES: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    ),
)
"""Headers by which no text of a client runs in a browser."""
