"""The components of a page."""

from flask import abort

from spk.api.auth import ApiBlueprint
from spk.api.operation import Operation
from spk.api.paging import Paging, PagingQuery
from spk.api.schemas import OwnComponentSchema
from spk.models import Component, StatusPage
from spk.models.status_pages.component import ComponentChanges, NewComponent

bp = ApiBlueprint("components", __name__, feature="status_pages", resources=("components",))


@bp.get("/pages/<page>/components")
@Operation(list[OwnComponentSchema], paging=PagingQuery)
def list_components(page: StatusPage, paging: Paging) -> list[Component]:
    """List the components of a page, in order."""
    return paging.apply(page.components)


@bp.post("/pages/<page>/components")
@Operation(OwnComponentSchema, 201, body=NewComponent, wrapper="component")
def create_component(page: StatusPage, fields: NewComponent) -> Component:
    """Add a component."""
    return page.create_component(**fields)


@bp.get("/pages/<page>/components/<component>")
@Operation(OwnComponentSchema)
def show_component(page: StatusPage, component: str) -> Component:
    """Show a component."""
    return find_component(page, component)


@bp.put("/pages/<page>/components/<component>")
@bp.patch("/pages/<page>/components/<component>")
@Operation(OwnComponentSchema, body=ComponentChanges, wrapper="component")
def update_component(page: StatusPage, component: str, fields: ComponentChanges) -> Component:
    """Change a component, usually its status."""
    found = find_component(page, component)
    found.change(**fields)
    return found


@bp.delete("/pages/<page>/components/<component>")
@Operation(None, 204)
def delete_component(page: StatusPage, component: str) -> None:
    """Delete a component."""
    find_component(page, component).delete()


def find_component(page: StatusPage, key: str) -> Component:
    return page.component(key) or abort(404, "There is no such component on this page.")
