"""The components of a user’s own page."""

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from spk.db import reading
from spk.models import Component, StatusPage
from spk.models.refusal import LimitReached
from spk.web import changing, is_htmx, user
from spk.web.filters import label
from spk.web.status_page_forms import (
    ComponentForm,
    ComponentSettingsForm,
    ComponentStatusForm,
    MoveComponentForm,
)
from spk.web.status_pages import find_page, lock_page, show_page, to_page


@user.post("/pages/<page>/components")
def create_component(page: str) -> ResponseReturnValue:
    form = ComponentForm()
    if not form.validate():
        return show_page(page, 422, component_form=form)
    try:
        with changing():
            found = lock_page(page)
            component = found.create_component(name=form.name.data, description=form.description.data or None)
    except LimitReached as refusal:
        form.name.errors = [str(refusal)]
        return show_page(page, 409, component_form=form)
    return to_page(found, f"“{component.name}” was added.")


@user.post("/pages/<page>/components/<component>/status")
def set_component_status(page: str, component: str) -> ResponseReturnValue:
    form = ComponentStatusForm()
    if not form.validate():
        abort(422, "Choose one of the statuses in the list.")
    with changing():
        own_page = lock_page(page)
        found = find_component(own_page, component)
        found.change(status=form.status.data)
        message = f"“{found.name}” is now {label(found.current_status).lower()}."
    return answer(own_page, message)


@user.post("/pages/<page>/components/<component>/move")
def move_component(page: str, component: str) -> ResponseReturnValue:
    form = MoveComponentForm()
    if not form.validate():
        abort(422, "Move it up or down.")
    with changing():
        own_page = lock_page(page)
        found = find_component(own_page, component)
        found.move(-1 if form.to.data == "up" else 1)
        message = f"“{found.name}” was moved {form.to.data}."
    return answer(own_page, message)


@user.get("/pages/<page>/components/<component>")
@reading()
def component_settings(page: str, component: str) -> ResponseReturnValue:
    own_page = find_page(page)
    found = find_component(own_page, component)
    return show_component(own_page, found, ComponentSettingsForm(obj=found))


@user.post("/pages/<page>/components/<component>")
def change_component(page: str, component: str) -> ResponseReturnValue:
    form = ComponentSettingsForm()
    if not form.validate():
        with reading():
            own_page = find_page(page)
            return show_component(own_page, find_component(own_page, component), form, 422)
    with changing():
        own_page = lock_page(page)
        found = find_component(own_page, component)
        found.change(
            name=form.name.data,
            description=form.description.data or None,
            only_show_if_degraded=form.only_show_if_degraded.data,
        )
    return to_page(own_page, f"“{found.name}” was changed.")


@user.get("/pages/<page>/components/<component>/delete")
@reading()
def confirm_delete_component(page: str, component: str) -> ResponseReturnValue:
    own_page = find_page(page)
    found = find_component(own_page, component)
    effect = "Past incidents stay, but won’t name it any more."
    return render_template("status_pages/delete.html", page=own_page, name=found.name, effect=effect)


@user.post("/pages/<page>/components/<component>/delete")
def delete_component(page: str, component: str) -> ResponseReturnValue:
    with changing():
        own_page = lock_page(page)
        found = find_component(own_page, component)
        name = found.name
        found.delete()
    return to_page(own_page, f"“{name}” was deleted.")


def answer(page: StatusPage, message: str) -> ResponseReturnValue:
    """Show the components with a message, where they stand."""
    return show_page(page.slug, message=message) if is_htmx() else to_page(page, message)


def find_component(page: StatusPage, key: str) -> Component:
    return page.component(key) or abort(404, "That component isn’t on this page.")


def show_component(
    page: StatusPage, component: Component, form: ComponentSettingsForm, status: int = 200
) -> ResponseReturnValue:
    context = {"page": page, "component": component, "form": form}
    return render_template("status_pages/component.html", **context), status
