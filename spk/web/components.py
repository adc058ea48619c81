"""The components of a user’s own page."""

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from spk.db import reading
from spk.models import Component, StatusPage
from spk.models.refusal import InvalidField, LimitReached
from spk.models.status_pages.component_order import move
from spk.models.status_pages.vocabulary import COMPONENT_STATUSES, ComponentStatus
from spk.web import changing, is_htmx, user
from spk.web.filters import label
from spk.web.status_page_forms import (
    ComponentForm,
    ComponentSettingsForm,
    MoveForm,
)
from spk.web.status_pages import find_page, lock_page, show_page, to_page

GONE = "That component isn’t on this page."


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


@user.post("/pages/<page>/statuses")
def set_statuses(page: str) -> ResponseReturnValue:
    by_id = chosen_statuses()
    with changing():
        own_page = lock_page(page)
        found = {key: own_page.component(key) for key in by_id}
        chosen = [(component, by_id[key]) for key, component in found.items() if component]
        if by_id and not chosen:
            abort(404, GONE)
        own_page.set_statuses(chosen)
        message = statuses_told([component for component, _ in chosen])
        if len(chosen) < len(by_id):
            message += " What is no longer on this page was left out."
    return answer(own_page, message)


@user.post("/pages/<page>/order")
def move_in_order(page: str) -> ResponseReturnValue:
    form = MoveForm()
    if not form.validate():
        abort(422, "Move it up or down.")
    with changing():
        own_page = lock_page(page)
        moved = own_page.component(form.moved) or own_page.group(form.moved) or abort(404, GONE)
        is_moved = move(moved, form.places)
        way = "was moved " + ("up" if form.places < 0 else "down") if is_moved else "stays where it is"
        message = f"“{moved.name}” {way}."
    return answer(own_page, message)


@user.get("/pages/<page>/components/<component>")
@reading()
def component_settings(page: str, component: str) -> ResponseReturnValue:
    found = find_component(find_page(page), component)
    return show_component(found, ComponentSettingsForm.of(found))


@user.post("/pages/<page>/components/<component>")
def change_component(page: str, component: str) -> ResponseReturnValue:
    with reading():
        found = find_component(find_page(page), component)
        form = ComponentSettingsForm.of(found)
        if not form.validate():
            return show_component(found, form, 422)
    try:
        with changing():
            own_page = lock_page(page)
            found = find_component(own_page, component)
            found.change(**form.changes)
    except InvalidField as refusal:
        form.group_id.errors = [str(refusal)]
        with reading():
            return show_component(find_component(find_page(page), component), form, 409)
    return to_page(own_page, f"“{found.name}” was changed.")


@user.get("/pages/<page>/components/<component>/delete")
@reading()
def confirm_delete_component(page: str, component: str) -> ResponseReturnValue:
    own_page = find_page(page)
    found = find_component(own_page, component)
    effect = "Past incidents stay, but no longer name it."
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


def chosen_statuses() -> dict[str, ComponentStatus]:
    """The statuses that were chosen, by component id; one left as it was shown may have changed since."""
    offered: dict[str, ComponentStatus] = {status: status for status in COMPONENT_STATUSES}
    sent = request.form
    return {
        key: offered.get(sent[name]) or abort(422, "Choose one of the statuses in the list.")
        for name in sent
        if (key := name.removeprefix("status_")) != name and sent[name] != sent.get(f"shown_{key}")
    }


def statuses_told(components: list[Component]) -> str:
    if len(components) == 1:
        return f"“{components[0].name}” is now {label(components[0].current_status).lower()}."
    return f"{len(components)} statuses were changed." if components else "No status was changed."


def find_component(page: StatusPage, key: str) -> Component:
    return page.component(key) or abort(404, GONE)


def show_component(
    component: Component, form: ComponentSettingsForm, status: int = 200
) -> ResponseReturnValue:
    context = {"page": component.page, "component": component, "form": form}
    return render_template("status_pages/component.html", **context), status
