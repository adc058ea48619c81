"""The forms that correct what was said of an incident or a maintenance."""

from typing import Self

from wtforms import DateTimeLocalField, Field, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired

from spk.models import Incident
from spk.models.status_pages import incident_fields, incident_update
from spk.models.status_pages.incident_fields import IncidentChanges
from spk.models.status_pages.incident_update import IncidentUpdate
from spk.web.forms import rule
from spk.web.maintenance_form import TIME_FORMATS, MaintenanceForm, ZonedForm
from spk.web.status_page_forms import ImpactForm


class EditIncidentForm(ImpactForm):
    name = StringField("Name", [rule(incident_fields.NAME)])

    @property
    def changes(self) -> IncidentChanges:
        return {"name": self.name.data, "impact_override": self.impact_override.data or None}


class EditMaintenanceForm(MaintenanceForm):
    """Its times are changed only where others were chosen."""

    name = StringField("Name", [rule(incident_fields.MAINTENANCE_NAME)])
    body = None

    @classmethod
    def of_incident(cls, incident: Incident) -> Self:
        form = cls(name=incident.name, component_ids=[each.id for each in incident.components])
        form.show(
            incident.page.zone,
            scheduled_for=incident.scheduled_for,
            scheduled_until=incident.scheduled_until,
        )
        form.offer(incident.page)
        return form

    @property
    def changes(self) -> IncidentChanges:
        changes: IncidentChanges = {"name": self.name.data, "component_ids": self.component_ids.data}
        if self.scheduled_for.data != self.present.get("scheduled_for"):
            changes["scheduled_for"] = self.scheduled_for.data
        if self.scheduled_until.data != self.present.get("scheduled_until"):
            changes["scheduled_until"] = self.scheduled_until.data
        return changes


def edit_form(incident: Incident) -> EditIncidentForm | EditMaintenanceForm:
    """The form for what may be corrected of it as a whole."""
    if incident.is_maintenance:
        return EditMaintenanceForm.of_incident(incident)
    return EditIncidentForm(name=incident.name, impact_override=incident.impact_override or "")


class EditUpdateForm(ZonedForm):
    body = TextAreaField("What was said", [rule(incident_update.BODY)])
    display_at = DateTimeLocalField("When", [DataRequired("Say when it was.")], format=TIME_FORMATS)
    which = SelectField("Which of the two?", choices=[], validate_choice=False)

    @classmethod
    def of(cls, update: IncidentUpdate, incident: Incident) -> Self:
        form = cls(body=update.body)
        form.show(incident.page.zone, display_at=update.created_at)
        return form

    def validate_display_at(self, field: Field) -> None:
        field.data = self.moment(field, self.which)
