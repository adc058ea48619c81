"""The public page that a request is for, whether a person or a program reads it."""

from flask import abort, redirect, request, url_for

from spk.models import StatusPage
from spk.request_state import request_state


def find_published_page(slug: str | None) -> StatusPage:
    """The page with this slug or id, or the front page; a slug that it once had redirects to it for good."""
    page = StatusPage.published(slug)
    if page is None and slug and (renamed := StatusPage.formerly(slug)):
        address = url_for(request.endpoint or "", **{**(request.view_args or {}), "slug": renamed.slug})
        query = request.query_string.decode("latin-1")
        abort(redirect(f"{address}?{query}" if query else address, 308))
    if page is None:
        abort(404, "There is no status page at this address.")
    request_state().frame_origins = page.frame_origins
    return page
