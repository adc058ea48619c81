"""Status pages."""

from spk.api.auth import ApiBlueprint, require_all_pages
from spk.api.operation import Operation, own_pages
from spk.api.paging import Paging, PagingQuery
from spk.api.schemas import OwnPageSchema
from spk.models import StatusPage
from spk.models.status_pages.status_page_fields import NewPage, PageChanges

bp = ApiBlueprint("pages", __name__, feature="status_pages", resources=("status_pages",))


@bp.get("/pages")
@Operation(list[OwnPageSchema], paging=PagingQuery)
def list_pages(paging: Paging) -> list[StatusPage]:
    """List your pages, the oldest first."""
    return own_pages().listed(paging.limit, paging.offset)


@bp.post("/pages")
@Operation(OwnPageSchema, 201, body=NewPage, wrapper="page")
def create_page(fields: NewPage) -> StatusPage:
    """Create a page."""
    require_all_pages()
    return own_pages().create(**fields)


@bp.get("/pages/<page>")
@Operation(OwnPageSchema)
def show_page(page: StatusPage) -> StatusPage:
    """Show a page."""
    return page


@bp.put("/pages/<page>")
@bp.patch("/pages/<page>")
@Operation(OwnPageSchema, body=PageChanges, wrapper="page")
def update_page(page: StatusPage, fields: PageChanges) -> StatusPage:
    """Change a page."""
    page.change(**fields)
    return page


@bp.delete("/pages/<page>")
@Operation(None, 204)
def delete_page(page: StatusPage) -> None:
    """Delete a page with all that is on it."""
    page.delete()
