"""The incidents and maintenance of a person's own page."""

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.models import Incident, StatusPage
from spk.models.incident_fields import IncidentChanges
from spk.models.refusal import InvalidField
from spk.web import user
from spk.web.page_forms import IncidentForm, IncidentUpdateForm, MaintenanceForm
from spk.web.status_pages import done, find_page


@user.get("/pages/<page>/new-incident")
def new_incident(page: str) -> ResponseReturnValue:
    found = find_page(page)
    return render_template("status_pages/new_incident.html", page=found, form=IncidentForm.of(found))


@user.post("/pages/<page>/new-incident")
def open_incident(page: str) -> ResponseReturnValue:
    found = find_page(page)
    form = IncidentForm.of(found)
    if not form.validate():
        return render_template("status_pages/new_incident.html", page=found, form=form), 422
    incident = found.incidents.create(
        name=form.name.data,
        body=form.body.data,
        impact_override=form.impact_override.data or None,
        components=form.statuses,
    )
    return done(found, f"“{incident.name}” is open. Everybody can see it now.")


@user.get("/pages/<page>/new-maintenance")
def new_maintenance(page: str) -> ResponseReturnValue:
    found = find_page(page)
    current_user.require("maintenance_windows")
    return show_plan(found, MaintenanceForm.of(found))


@user.post("/pages/<page>/new-maintenance")
def plan_maintenance(page: str) -> ResponseReturnValue:
    found = find_page(page)
    form = MaintenanceForm.of(found)
    if not form.validate():
        return show_plan(found, form, 422)
    try:
        incident = found.incidents.create(
            name=form.name.data,
            body=form.body.data,
            scheduled_for=form.scheduled_for.data,
            scheduled_until=form.scheduled_until.data,
            component_ids=form.component_ids.data,
        )
    except InvalidField as refusal:
        form[refusal.field].errors = [str(refusal)]
        return show_plan(found, form, 422)
    return done(found, f"“{incident.name}” is planned. It starts and ends by itself.")


@user.get("/pages/<page>/incidents/<incident>")
def incident(page: str, incident: str) -> ResponseReturnValue:
    found = find_incident(page, incident)
    form = IncidentUpdateForm.of(found)
    return render_template("status_pages/incident.html", page=found.page, incident=found, form=form)


@user.post("/pages/<page>/incidents/<incident>")
def update_incident(page: str, incident: str) -> ResponseReturnValue:
    found = find_incident(page, incident)
    form = IncidentUpdateForm.of(found)
    if not form.validate():
        template = "status_pages/incident.html"
        return render_template(template, page=found.page, incident=found, form=form), 422
    changes: IncidentChanges = {"body": form.body.data}
    if form.status.data != form.was.data:
        changes["status"] = form.status.data
    if changes.get("status") == "resolved" and form.restore.data:
        changes["components"] = {each.id: "operational" for each in found.own_components()}
    found.change(**changes)
    return done(found.page, f"“{found.name}” was updated.")


@user.get("/pages/<page>/incidents/<incident>/delete")
def confirm_delete_incident(page: str, incident: str) -> ResponseReturnValue:
    found = find_incident(page, incident)
    words = "Its updates go with it, and it leaves the history."
    return render_template("status_pages/delete.html", page=found.page, name=found.name, words=words)


@user.post("/pages/<page>/incidents/<incident>/delete")
def delete_incident(page: str, incident: str) -> ResponseReturnValue:
    found = find_incident(page, incident)
    found.delete()
    return done(found.page, f"“{found.name}” was deleted.")


def find_incident(page: str, key: str) -> Incident:
    return find_page(page).incidents.find(key) or abort(404, "That incident isn’t on this page.")


def show_plan(page: StatusPage, form: MaintenanceForm, status: int = 200) -> ResponseReturnValue:
    return render_template("status_pages/new_maintenance.html", page=page, form=form), status
