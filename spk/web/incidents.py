"""The incidents and maintenance of a user’s own page."""

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import reading
from spk.models import Incident, StatusPage
from spk.models.refusal import InvalidField, LimitReached
from spk.models.status_pages.incident_fields import IncidentChanges
from spk.web import changing, user
from spk.web.forms import BaseForm
from spk.web.maintenance_form import MaintenanceForm
from spk.web.status_page_forms import IncidentForm, IncidentUpdateForm
from spk.web.status_pages import find_page, lock_page, read_page, to_page


@user.get("/pages/<page>/new-incident")
def new_incident(page: str) -> ResponseReturnValue:
    found = read_page(page)
    return render_template("status_pages/new_incident.html", page=found, form=IncidentForm.of(found))


@user.post("/pages/<page>/new-incident")
def open_incident(page: str) -> ResponseReturnValue:
    found = read_page(page)
    form = IncidentForm.of(found)
    if not form.validate():
        return render_template("status_pages/new_incident.html", page=found, form=form), 422
    try:
        with changing():
            incident = lock_page(page).incidents.create(
                name=form.name.data,
                body=form.body.data,
                impact_override=form.impact_override.data or None,
                components=form.statuses,
            )
    except (InvalidField, LimitReached) as refusal:
        form.name.errors = [str(refusal)]
        return render_template("status_pages/new_incident.html", page=read_page(page), form=form), 409
    return to_page(found, f"“{incident.name}” is open. Everybody can see it now.")


@user.get("/pages/<page>/new-maintenance")
def new_maintenance(page: str) -> ResponseReturnValue:
    found = read_page(page)
    current_user.require("maintenance_windows")
    return show_new_maintenance(found, MaintenanceForm.of(found))


@user.post("/pages/<page>/new-maintenance")
def plan_maintenance(page: str) -> ResponseReturnValue:
    found = read_page(page)
    form = MaintenanceForm.of(found)
    if not form.validate():
        return show_new_maintenance(found, form, 422)
    try:
        with changing():
            incident = lock_page(page).incidents.create(
                name=form.name.data,
                body=form.body.data,
                scheduled_for=form.scheduled_for.data,
                scheduled_until=form.scheduled_until.data,
                component_ids=form.component_ids.data,
            )
    except InvalidField as refusal:
        form[refusal.field].errors = [str(refusal)]
        return show_new_maintenance(read_page(page), form, 422)
    except LimitReached as refusal:
        form.name.errors = [str(refusal)]
        return show_new_maintenance(read_page(page), form, 409)
    return to_page(found, f"“{incident.name}” is planned. It starts and ends by itself.")


@user.get("/pages/<page>/incidents/<incident>")
@reading()
def incident(page: str, incident: str) -> ResponseReturnValue:
    own_page = find_page(page)
    found = find_incident(own_page, incident)
    return show_incident(own_page, found, IncidentUpdateForm.of(found))


@user.post("/pages/<page>/incidents/<incident>")
def update_incident(page: str, incident: str) -> ResponseReturnValue:
    with reading():
        own_page = find_page(page)
        found = find_incident(own_page, incident)
    form = IncidentUpdateForm.of(found)
    if not form.validate():
        return show_incident(own_page, found, form, 422)
    changes: IncidentChanges = {"body": form.body.data}
    if form.status.data != form.shown_status.data:
        changes["status"] = form.status.data
    try:
        with changing():
            own_page = lock_page(page)
            found = find_incident(own_page, incident)
            if changes.get("status") == "resolved" and form.restore.data:
                changes["components"] = {each.id: "operational" for each in found.unshared_components()}
            found.change(**changes)
    except LimitReached as refusal:
        form.body.errors = [str(refusal)]
        with reading():
            own_page = find_page(page)
            return show_incident(own_page, find_incident(own_page, incident), form, 409)
    return to_page(own_page, f"“{found.name}” was updated.")


@user.get("/pages/<page>/incidents/<incident>/delete")
@reading()
def confirm_delete_incident(page: str, incident: str) -> ResponseReturnValue:
    own_page = find_page(page)
    found = find_incident(own_page, incident)
    effect = "Its updates will be deleted with it."
    return render_template("status_pages/delete.html", page=own_page, name=found.name, effect=effect)


@user.post("/pages/<page>/incidents/<incident>/delete")
def delete_incident(page: str, incident: str) -> ResponseReturnValue:
    with changing():
        own_page = lock_page(page)
        found = find_incident(own_page, incident)
        name = found.name
        found.delete()
    return to_page(own_page, f"“{name}” was deleted.")


def find_incident(page: StatusPage, key: str) -> Incident:
    return page.incidents.find(key) or abort(404, "That incident isn’t on this page.")


def show_incident(
    page: StatusPage, incident: Incident, form: BaseForm, status: int = 200, template: str = "incident"
) -> ResponseReturnValue:
    context = {"page": page, "incident": incident, "form": form}
    return render_template(f"status_pages/{template}.html", **context), status


def show_new_maintenance(page: StatusPage, form: MaintenanceForm, status: int = 200) -> ResponseReturnValue:
    return render_template("status_pages/new_maintenance.html", page=page, form=form), status
