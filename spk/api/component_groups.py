"""The groups of a page’s components."""

from flask import abort

from spk.api.auth import ApiBlueprint
from spk.api.operation import Operation
from spk.api.paging import Paging, PagingQuery
from spk.api.schemas import ComponentGroupSchema
from spk.models import ComponentGroup, StatusPage
from spk.models.status_pages.component_group import ComponentGroupChanges, NewComponentGroup

BESIDE = ("description",)  # where Atlassian has it
bp = ApiBlueprint("component_groups", __name__, feature="status_pages", resources=("components",))


@bp.get("/pages/<page>/component-groups")
@Operation(list[ComponentGroupSchema], paging=PagingQuery)
def list_groups(page: StatusPage, paging: Paging) -> list[ComponentGroup]:
    """List the groups of a page, oldest first."""
    return paging.apply(page.groups)


@bp.post("/pages/<page>/component-groups")
@Operation(ComponentGroupSchema, 201, body=NewComponentGroup, wrapper="component_group", beside=BESIDE)
def create_group(page: StatusPage, fields: NewComponentGroup) -> ComponentGroup:
    """Add a group, and put components into it."""
    return page.create_group(**fields)


@bp.get("/pages/<page>/component-groups/<group>")
@Operation(ComponentGroupSchema)
def show_group(page: StatusPage, group: str) -> ComponentGroup:
    """Show a group."""
    return find_group(page, group)


@bp.put("/pages/<page>/component-groups/<group>")
@bp.patch("/pages/<page>/component-groups/<group>")
@Operation(ComponentGroupSchema, body=ComponentGroupChanges, wrapper="component_group", beside=BESIDE)
def update_group(page: StatusPage, group: str, fields: ComponentGroupChanges) -> ComponentGroup:
    """Change a group, or which components it has."""
    found = find_group(page, group)
    found.change(**fields)
    return found


@bp.delete("/pages/<page>/component-groups/<group>")
@Operation(ComponentGroupSchema)
def delete_group(page: StatusPage, group: str) -> ComponentGroup:
    """Delete a group, and return it; its components stay."""
    found = find_group(page, group)
    found.delete()
    return found


def find_group(page: StatusPage, key: str) -> ComponentGroup:
    return page.group(key) or abort(404, "There is no such group on this page.")
