"""The groups of components on a user’s own page."""

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from spk.db import reading
from spk.models import ComponentGroup, StatusPage
from spk.models.refusal import InvalidField, LimitReached
from spk.web import changing, user
from spk.web.status_page_forms import ComponentGroupForm
from spk.web.status_pages import find_page, lock_page, read_page, to_page


@user.get("/pages/<page>/new-group")
@reading()
def new_group(page: str) -> ResponseReturnValue:
    own_page = find_page(page)
    return show_form(own_page, ComponentGroupForm.of(own_page))


@user.post("/pages/<page>/new-group")
def create_group(page: str) -> ResponseReturnValue:
    with reading():
        own_page = find_page(page)
        form = ComponentGroupForm.of(own_page)
        if not form.validate():
            return show_form(own_page, form, 422)
    try:
        with changing():
            found = lock_page(page)
            group = found.create_group(**form.changes())
    except (InvalidField, LimitReached) as refusal:
        form.name.errors = [str(refusal)]
        return show_form(read_page(page), form, 409)
    return to_page(found, f"“{group.name}” was added.")


@user.get("/pages/<page>/groups/<group>")
@reading()
def group_settings(page: str, group: str) -> ResponseReturnValue:
    own_page = find_page(page)
    found = find_group(own_page, group)
    return show_form(own_page, ComponentGroupForm.of(own_page, found), group=found)


@user.post("/pages/<page>/groups/<group>")
def change_group(page: str, group: str) -> ResponseReturnValue:
    with reading():
        own_page = find_page(page)
        found = find_group(own_page, group)
        form = ComponentGroupForm.of(own_page, found)
        if not form.validate():
            return show_form(own_page, form, 422, found)
    try:
        with changing():
            own_page = lock_page(page)
            found = find_group(own_page, group)
            found.change(**form.changes(found.component_ids))
    except InvalidField as refusal:
        form.name.errors = [str(refusal)]
        with reading():
            own_page = find_page(page)
            return show_form(own_page, form, 409, find_group(own_page, group))
    return to_page(own_page, f"“{found.name}” was changed.")


@user.get("/pages/<page>/groups/<group>/delete")
@reading()
def confirm_delete_group(page: str, group: str) -> ResponseReturnValue:
    own_page = find_page(page)
    found = find_group(own_page, group)
    effect = "Its components stay on the page, outside any group."
    return render_template("status_pages/delete.html", page=own_page, name=found.name, effect=effect)


@user.post("/pages/<page>/groups/<group>/delete")
def delete_group(page: str, group: str) -> ResponseReturnValue:
    with changing():
        own_page = lock_page(page)
        found = find_group(own_page, group)
        found.delete()
    return to_page(own_page, f"“{found.name}” was deleted.")


def find_group(page: StatusPage, key: str) -> ComponentGroup:
    return page.group(key) or abort(404, "That group isn’t on this page.")


def show_form(
    page: StatusPage, form: ComponentGroupForm, status: int = 200, group: ComponentGroup | None = None
) -> ResponseReturnValue:
    return render_template("status_pages/group.html", page=page, group=group, form=form), status
