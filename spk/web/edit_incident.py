"""Correcting what was said of an incident or a maintenance."""

from flask import abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from spk.db import reading
from spk.models import Incident, StatusPage
from spk.models.refusal import InvalidField, LimitReached
from spk.models.status_pages.incident_update import IncidentUpdate, UpdateChanges
from spk.web import changing, user
from spk.web.edit_forms import EditUpdateForm, edit_form
from spk.web.incidents import find_incident, show_incident
from spk.web.status_pages import find_page, lock_page

NO_UPDATE = "That update isn’t part of this incident."


@user.get("/pages/<page>/incidents/<incident>/edit")
@reading()
def edit_incident(page: str, incident: str) -> ResponseReturnValue:
    own_page = find_page(page)
    found = find_incident(own_page, incident)
    return show_incident(own_page, found, edit_form(found), template="edit_incident")


@user.post("/pages/<page>/incidents/<incident>/edit")
def change_incident(page: str, incident: str) -> ResponseReturnValue:
    with reading():
        own_page = find_page(page)
        found = find_incident(own_page, incident)
        form = edit_form(found)
    if not form.validate():
        return show_incident(own_page, found, form, 422, "edit_incident")
    try:
        with changing():
            own_page = lock_page(page)
            found = find_incident(own_page, incident)
            found.change(**form.changes)
    except (InvalidField, LimitReached) as refusal:
        form[getattr(refusal, "field", "name")].errors = [str(refusal)]
        with reading():
            own_page = find_page(page)
            return show_incident(own_page, find_incident(own_page, incident), form, 422, "edit_incident")
    return to_incident(own_page, found, f"“{found.name}” was changed.")


@user.get("/pages/<page>/incidents/<incident>/updates/<update>")
@reading()
def edit_update(page: str, incident: str, update: str) -> ResponseReturnValue:
    own_page = find_page(page)
    found = find_incident(own_page, incident)
    form = EditUpdateForm.of(find_update(found, update), found)
    return show_incident(own_page, found, form, template="edit_update")


@user.post("/pages/<page>/incidents/<incident>/updates/<update>")
def correct_update(page: str, incident: str, update: str) -> ResponseReturnValue:
    with reading():
        own_page = find_page(page)
        found = find_incident(own_page, incident)
        form = EditUpdateForm.of(find_update(found, update), found)
    if not form.validate():
        return show_incident(own_page, found, form, 422, "edit_update")
    try:
        with changing():
            own_page = lock_page(page)
            found = find_incident(own_page, incident)
            changes: UpdateChanges = {"body": form.body.data, "display_at": form.display_at.data}
            found.correct_update(update, **changes) or abort(404, NO_UPDATE)
    except InvalidField as refusal:
        form.display_at.errors = [str(refusal)]
        with reading():
            own_page = find_page(page)
            return show_incident(own_page, find_incident(own_page, incident), form, 422, "edit_update")
    return to_incident(own_page, found, "The update was corrected.")


def find_update(incident: Incident, key: str) -> IncidentUpdate:
    found = (update for update in incident.timeline if update.id == key)
    return next(found, None) or abort(404, NO_UPDATE)


def to_incident(page: StatusPage, incident: Incident, message: str) -> ResponseReturnValue:
    flash(message, "pages")
    return redirect(url_for("user.incident", page=page.slug, incident=incident.slug), 303)
