"""The forms of status pages; what a field may hold is asked of the models."""

from datetime import timedelta, tzinfo
from typing import Self

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    Field,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired
from wtforms.widgets import CheckboxInput, ListWidget

from spk.db import now
from spk.models import Incident, StatusPage
from spk.models.status_pages import (
    component,
    identifier,
    incident_fields,
    incident_update,
    status_page_fields,
)
from spk.models.status_pages.incident_fields import Statuses
from spk.models.status_pages.schedule import WINDOW, in_utc
from spk.models.status_pages.time_zone import clean_time_zone
from spk.models.status_pages.vocabulary import (
    COMPONENT_STATUSES,
    IMPACTS,
    MAINTENANCE_STATUSES,
    REALTIME_STATUSES,
)
from spk.web.filters import sentence
from spk.web.forms import rule

TIME_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


def choices(words: tuple[str, ...], none: str = "") -> list[SelectChoice]:
    """Words to choose from, after the label of choosing none of them."""
    first = [SelectChoice("", none)] if none else []
    return first + [SelectChoice(word, sentence(word)) for word in words]


class PageForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    name = StringField("Name", [rule(status_page_fields.NAME)])


class PageSettingsForm(PageForm):
    slug = StringField("Address", [rule(identifier.SLUG)])
    description = TextAreaField("Description", [rule(status_page_fields.DESCRIPTION)])
    time_zone = StringField("Time zone", [rule(clean_time_zone)])


class ComponentForm(FlaskForm):  # type: ignore[misc]
    name = StringField("Name", [rule(component.NAME)])
    description = StringField("Description", [rule(component.DESCRIPTION)])


class ComponentSettingsForm(ComponentForm):
    only_show_if_degraded = BooleanField("Show it only while something is wrong with it")


class ComponentStatusForm(FlaskForm):  # type: ignore[misc]
    status = SelectField("Status", choices=choices(COMPONENT_STATUSES))


class IncidentForm(FlaskForm):  # type: ignore[misc]
    """Has a field for each component of the page, too; see `of`."""

    name = StringField("What is happening?", [rule(incident_fields.NAME)])
    body = TextAreaField("What do you know so far?", [rule(incident_update.BODY)])
    impact_override = SelectField("Impact", choices=choices(IMPACTS, none="As the components say"))

    @classmethod
    def of(cls, page: StatusPage) -> Self:
        options = choices(COMPONENT_STATUSES, none="Not affected")
        fields = {
            f"component_{each.id}": SelectField(each.name, choices=options, default="")
            for each in page.components
        }
        form: Self = type(cls.__name__, (cls,), fields)()
        return form

    @property
    def component_fields(self) -> list[Field]:
        return [field for field in self if field.name.startswith("component_")]

    @property
    def statuses(self) -> Statuses:
        """What was chosen, by the id of the component."""
        chosen = {field.name.removeprefix("component_"): field.data for field in self.component_fields}
        return {key: status for key, status in chosen.items() if status}


class IncidentUpdateForm(FlaskForm):  # type: ignore[misc]
    status = SelectField("Status")
    was = (
        HiddenField()
    )  # left as it was shown, the status is not said again, whatever the clock did meanwhile
    body = TextAreaField("What is new?", [rule(incident_update.BODY)])
    restore = BooleanField("Once it is resolved, set its components back to operational", default=True)

    @classmethod
    def of(cls, told: Incident) -> Self:
        form = cls(status=told.current_status, was=told.current_status)
        words = MAINTENANCE_STATUSES if told.is_maintenance else REALTIME_STATUSES
        form.status.choices = choices(words)
        return form

    def validate_body(self, field: Field) -> None:
        if not field.data and self.status.data == self.was.data:
            raise ValidationError("Say what is new, or choose another status.")


class MaintenanceForm(FlaskForm):  # type: ignore[misc]
    """Its times are in the page’s time zone; see `of`."""

    name = StringField("What will be done?", [rule(incident_fields.NAME)])
    body = TextAreaField("What will people notice?", [rule(incident_update.BODY)])
    scheduled_for = DateTimeLocalField("Starts", [DataRequired("Say when it starts.")], format=TIME_FORMATS)
    scheduled_until = DateTimeLocalField("Ends", [DataRequired("Say when it ends.")], format=TIME_FORMATS)
    component_ids = SelectMultipleField(
        "What is affected?", widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    zone: tzinfo

    @classmethod
    def of(cls, page: StatusPage) -> Self:
        start = now().astimezone(page.zone).replace(minute=0) + timedelta(hours=1)
        form = cls(scheduled_for=start, scheduled_until=start + WINDOW)
        form.zone = page.zone
        form.component_ids.choices = [SelectChoice(each.id, each.name) for each in page.components]
        return form

    def validate_scheduled_for(self, field: Field) -> None:
        try:
            field.data = in_utc(field.data.replace(tzinfo=self.zone))
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def validate_scheduled_until(self, field: Field) -> None:
        self.validate_scheduled_for(field)
        if field.data <= now():
            raise ValidationError("This is past. Choose a time to come.")
