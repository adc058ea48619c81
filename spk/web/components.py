"""The components of a person's own page."""

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from spk.db import db
from spk.models import Component
from spk.web import is_htmx, user
from spk.web.page_forms import ComponentForm, ComponentSettingsForm, ComponentStatusForm
from spk.web.status_pages import done, find_page, show
from spk.web.words import sentence


@user.post("/pages/<page>/components")
def create_component(page: str) -> ResponseReturnValue:
    found, form = find_page(page), ComponentForm()
    if not form.validate():
        return show(found, 422, component_form=form)
    component = found.create_component(name=form.name.data, description=form.description.data or None)
    return done(found, f"“{component.name}” was added.")


@user.post("/pages/<page>/components/<component>/status")
def set_component_status(page: str, component: str) -> ResponseReturnValue:
    found, form = find_component(page, component), ComponentStatusForm()
    if not form.validate():
        abort(422, "Choose one of the statuses in the list.")
    found.change(status=form.status.data)
    message = f"“{found.name}” is now {sentence(found.current_status).lower()}."
    if not is_htmx():
        return done(found.page, message)
    db.session.commit()
    return show(found.page, message=message)


@user.get("/pages/<page>/components/<component>")
def component_settings(page: str, component: str) -> ResponseReturnValue:
    found = find_component(page, component)
    form = ComponentSettingsForm(obj=found)
    return render_template("status_pages/component.html", page=found.page, component=found, form=form)


@user.post("/pages/<page>/components/<component>")
def change_component(page: str, component: str) -> ResponseReturnValue:
    found, form = find_component(page, component), ComponentSettingsForm()
    if not form.validate():
        template = "status_pages/component.html"
        return render_template(template, page=found.page, component=found, form=form), 422
    found.change(
        name=form.name.data,
        description=form.description.data or None,
        only_show_if_degraded=form.only_show_if_degraded.data,
    )
    return done(found.page, f"“{found.name}” was changed.")


@user.get("/pages/<page>/components/<component>/delete")
def confirm_delete_component(page: str, component: str) -> ResponseReturnValue:
    found = find_component(page, component)
    words = "Past incidents stay, but won’t name it any more."
    return render_template("status_pages/delete.html", page=found.page, name=found.name, words=words)


@user.post("/pages/<page>/components/<component>/delete")
def delete_component(page: str, component: str) -> ResponseReturnValue:
    found = find_component(page, component)
    its_page = found.page
    found.delete()
    return done(its_page, f"“{found.name}” was deleted.")


def find_component(page: str, key: str) -> Component:
    return find_page(page).component(key) or abort(404, "That component isn’t on this page.")
