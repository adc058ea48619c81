"""Status pages."""

from flask import g

from spk.api.auth import ApiBlueprint
from spk.api.operation import Operation
from spk.api.paging import Paging, Slice
from spk.api.shapes import OwnPageShape
from spk.models import StatusPage
from spk.models.status_page import NewPage, PageChanges

bp = ApiBlueprint("pages", __name__, feature="status_pages")


@bp.get("/pages")
@Operation(list[OwnPageShape], query=Paging)
def list_pages(part: Slice) -> list[StatusPage]:
    """List your pages, the oldest first."""
    return part.of(g.caller.user.status_pages.all())


@bp.post("/pages")
@Operation(OwnPageShape, 201, takes=NewPage, wrapper="page")
def create_page(given: NewPage) -> StatusPage:
    """Create a page."""
    page: StatusPage = g.caller.user.status_pages.create(**given)
    return page


@bp.get("/pages/<page>")
@Operation(OwnPageShape)
def show_page(page: StatusPage) -> StatusPage:
    """Show a page."""
    return page


@bp.put("/pages/<page>")
@bp.patch("/pages/<page>")
@Operation(OwnPageShape, takes=PageChanges, wrapper="page")
def update_page(page: StatusPage, given: PageChanges) -> StatusPage:
    """Change a page."""
    page.change(**given)
    return page


@bp.delete("/pages/<page>")
@Operation(None, 204)
def delete_page(page: StatusPage) -> None:
    """Delete a page with all that is on it."""
    page.delete()
