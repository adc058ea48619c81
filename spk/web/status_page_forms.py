"""Forms for status pages, validated by the rules of the models."""

from collections.abc import Iterable
from typing import Self

from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Regexp

from spk.models import Component, ComponentGroup, Incident, StatusPage
from spk.models.status_pages import (
    component,
    component_group,
    incident_fields,
    incident_update,
)
from spk.models.status_pages.component import ComponentChanges
from spk.models.status_pages.component_group import NewComponentGroup
from spk.models.status_pages.incident_fields import Statuses
from spk.models.status_pages.vocabulary import (
    COMPONENT_STATUSES,
    IMPACTS,
    MAINTENANCE_STATUSES,
    REALTIME_STATUSES,
)
from spk.web.filters import label
from spk.web.forms import BaseForm, CheckboxesField, rule


def choices(values: tuple[str, ...], none: str = "") -> list[SelectChoice]:
    """The choices for these values, after an empty choice labelled `none`."""
    first = [SelectChoice("", none)] if none else []
    return first + [SelectChoice(value, label(value)) for value in values]


class ComponentForm(BaseForm):
    name = StringField("Name", [rule(component.NAME)])
    description = StringField("Description", [rule(component.DESCRIPTION)])


class ComponentSettingsForm(ComponentForm):
    only_show_if_degraded = BooleanField("Show it only while something is wrong with it")
    group_id = SelectField("Group", filters=[lambda group_id: group_id or ""])
    shown_group = HiddenField()  # one left as it was shown may have changed since

    @classmethod
    def of(cls, component: Component) -> Self:
        form = cls(obj=component, shown_group=component.group_id or "")
        groups = [SelectChoice(group.id, group.name) for group in component.page.groups]
        form.group_id.choices = [SelectChoice("", "None"), *groups]
        return form

    @property
    def changes(self) -> ComponentChanges:
        changes: ComponentChanges = {
            "name": self.name.data,
            "description": self.description.data or None,
            "only_show_if_degraded": self.only_show_if_degraded.data,
        }
        if self.group_id.data != self.shown_group.data:
            changes["group_id"] = self.group_id.data or None
        return changes


class ComponentGroupForm(BaseForm):
    name = StringField("Name", [rule(component_group.NAME)], id="group-name")
    description = StringField("Description", [rule(component.DESCRIPTION)], id="group-description")
    shown = HiddenField()  # what it had: a component left as it was may have come or gone since
    component_ids = CheckboxesField("Components")

    @classmethod
    def of(cls, page: StatusPage, group: ComponentGroup | None = None) -> Self:
        form = cls(obj=group, shown=" ".join(group.component_ids) if group else "")
        form.component_ids.choices = [SelectChoice(each.id, each.name) for each in page.components]
        return form

    def changes(self, present: Iterable[str] = ()) -> NewComponentGroup:
        """What was changed of a group that has these components now."""
        shown, chosen = set(self.shown.data.split()), set(self.component_ids.data)
        return {
            "name": self.name.data,
            "description": self.description.data or None,
            "components": [*(set(present) | (chosen - shown)) - (shown - chosen)],
        }


class MoveForm(BaseForm):
    """Which component or group is moved, and how many places down: its id, a colon and the number."""

    move = StringField("Where", [Regexp(r"^[0-9a-z]+:-?[0-9]{1,3}\Z")])

    @property
    def moved(self) -> str:
        return str(self.move.data).partition(":")[0]

    @property
    def places(self) -> int:
        return int(str(self.move.data).partition(":")[2])


class ImpactForm(BaseForm):
    impact_override = SelectField("Impact", choices=choices(IMPACTS, none="Automatic, from components"))


class IncidentForm(ImpactForm):
    """A form that also has a field for each component of the page; see `of`."""

    name = StringField("What is happening?", [rule(incident_fields.NAME)])
    body = TextAreaField("What do you know so far?", [rule(incident_update.BODY)])

    @classmethod
    def of(cls, page: StatusPage) -> Self:
        options = choices(COMPONENT_STATUSES, none="Not part of this incident")
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
        """The chosen statuses, by component id."""
        chosen = {field.name.removeprefix("component_"): field.data for field in self.component_fields}
        return {key: status for key, status in chosen.items() if status}


class IncidentUpdateForm(BaseForm):
    status = SelectField("Status")
    # A status left as it was shown isn't reported again, even if the clock has changed it since.
    shown_status = HiddenField()
    body = TextAreaField("What is new?", [rule(incident_update.BODY)])
    restore = BooleanField("Once it is resolved, set its components back to operational", default=True)

    @classmethod
    def of(cls, incident: Incident) -> Self:
        form = cls(status=incident.current_status, shown_status=incident.current_status)
        statuses = MAINTENANCE_STATUSES if incident.is_maintenance else REALTIME_STATUSES
        form.status.choices = choices(statuses)
        return form

    def validate_body(self, field: Field) -> None:
        if not field.data and self.status.data == self.shown_status.data:
            raise ValidationError("Say what is new, or choose another status.")
