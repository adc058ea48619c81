"""The form that plans a maintenance, in the time zone of its page."""

from datetime import datetime, timedelta, tzinfo
from typing import Self

from wtforms import (
    DateTimeLocalField,
    Field,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from spk.db import now
from spk.models import StatusPage
from spk.models.status_pages import incident_fields, incident_update
from spk.models.status_pages.schedule import DEFAULT_DURATION, in_utc
from spk.models.status_pages.time_zone import moments
from spk.web.forms import BaseForm, CheckboxesField, rule

TIME_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


class ZonedForm(BaseForm):
    """A form whose times are in a page’s time zone.

    Which of two is asked only where the clocks of that zone go back.
    """

    zone: tzinfo
    present: dict[str, datetime]  # by field; one that is left as it was shown stays so, to the second

    def show(self, zone: tzinfo, **present: datetime | None) -> None:
        """Begin with these times, unless others were sent."""
        self.zone, self.present = zone, {name: time for name, time in present.items() if time}
        for name, time in self.present.items():
            if self[name].raw_data is None:
                self[name].data = self._shown(time)

    def moment(self, field: Field, which: SelectField) -> datetime:
        """When it is that time in the zone; raises ValidationError if that is never, or not known."""
        present = self.present.get(field.name)
        if present and field.data == self._shown(present):
            return present
        return self._moment(field.data, which)

    def _shown(self, time: datetime) -> datetime:
        return time.astimezone(self.zone).replace(second=0, microsecond=0, tzinfo=None)

    def _moment(self, time: datetime, which: SelectField) -> datetime:
        try:
            in_utc(time)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        found = moments(time, self.zone)
        if not found:
            raise ValidationError(
                f"Clocks go forward that day: there is no {time:%H:%M}. Choose another time."
            )
        if len(found) == 1:
            return found[0]
        shown = [f"{each.astimezone(self.zone):%H:%M %Z}" for each in found]
        which.choices = [
            SelectChoice("0", f"The first, {shown[0]}"),
            SelectChoice("1", f"The second, {shown[1]}"),
        ]
        if which.data not in ("0", "1"):
            raise ValidationError(
                f"Clocks go back that day: {time:%H:%M} comes twice. Choose which you mean."
            )
        return found[int(which.data)]


class MaintenanceForm(ZonedForm):
    """A form for a new maintenance; see `of`."""

    name = StringField("What will be done?", [rule(incident_fields.MAINTENANCE_NAME)])
    body = TextAreaField("What will people notice?", [rule(incident_update.BODY)])
    scheduled_for = DateTimeLocalField("Starts", [DataRequired("Say when it starts.")], format=TIME_FORMATS)
    which_start = SelectField("Which of the two?", choices=[], validate_choice=False)
    scheduled_until = DateTimeLocalField("Ends", [DataRequired("Say when it ends.")], format=TIME_FORMATS)
    which_end = SelectField("Which of the two?", choices=[], validate_choice=False)
    component_ids = CheckboxesField("What is affected?")

    @classmethod
    def of(cls, page: StatusPage) -> Self:
        start = now() + timedelta(hours=1)
        local = [each.astimezone(page.zone).replace(minute=0) for each in (start, start + DEFAULT_DURATION)]
        form = cls(scheduled_for=local[0], scheduled_until=local[1])
        form.show(page.zone)
        form.offer(page)
        return form

    def offer(self, page: StatusPage) -> None:
        self.component_ids.choices = [SelectChoice(each.id, each.name) for each in page.components]

    def validate_scheduled_for(self, field: Field) -> None:
        field.data = self.moment(field, self.which_start)

    def validate_scheduled_until(self, field: Field) -> None:
        field.data = self.moment(field, self.which_end)
        if field.data <= now() and field.data != self.present.get(field.name):
            raise ValidationError("This time is in the past. Choose a later one.")
