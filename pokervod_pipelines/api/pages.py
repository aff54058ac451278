"""Answer pages that rooms write: whole files without anything from elsewhere, with the styles inside them."""

from fastapi import Response

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
"""Nothing runs on such a page, and nothing is fetched for it."""


def answer_page(page: str) -> Response:
    """Return the answer with the page."""
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})
