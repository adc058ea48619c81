"""The forms of the API Keys section."""

import secrets
from datetime import date, datetime, timedelta

from flask_login import current_user
from wtforms import (
    Field,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice

from spk.db import now
from spk.models.accounts import api_key, network, scope
from spk.models.accounts.key_rights import LAST_DAY, KeyRights, end_of
from spk.models.refusal import InvalidValue
from spk.web.forms import BaseForm, CheckboxesField, rule

PRESETS = {"": "Never", "7": "In 7 days", "30": "In 30 days", "90": "In 90 days", "365": "In a year"}
CUSTOM = "custom"
ACCESS = {
    "everything": "Everything",
    "read": "Read only",
    "report": "Report from CI: components, incidents, maintenance",
    "choose": "Choose…",
}
ENDS = {
    "first_use": "as soon as the new one is first used",
    "hour": "after an hour",
    "day": "after a day",
    "week": "after a week",
}
SCOPES = {"everything": (), "read": scope.READ, "report": scope.REPORT}


def as_choices(labels: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in labels.items()]


def lifetimes() -> list[SelectChoice]:
    """The choices that the plan allows."""
    plan = current_user.plan
    longest, default = plan.longest_key_days, plan.default_lifetime
    choices = {days: label for days, label in PRESETS.items() if not longest or 0 < int(days or 0) <= longest}
    if default and str(default.days) not in choices:
        choices[str(default.days)] = f"In {default.days} days"
    return as_choices({**choices, CUSTOM: "On a day…"})


def default_lifetime() -> str:
    default: timedelta | None = current_user.plan.default_lifetime
    return str(default.days) if default else ""


def read_audiences(text: str) -> tuple[str, ...]:
    """The scopes for programs behind the gate, from their names; raises InvalidValue."""
    if len(text) > scope.MOST * 50:
        raise InvalidValue(f"Name {scope.MOST} programs or fewer.")
    return tuple(map(scope.for_audience, text.replace(",", " ").split()))


class NonceForm(BaseForm):
    """A form that makes one key, even if it is sent again by a reload or a double click."""

    nonce = HiddenField(default=lambda: secrets.token_urlsafe(16))

    @property
    def used_nonce(self) -> str | None:
        return (self.nonce.data or "")[:64].replace("\0", "") or None


class CreateApiKeyForm(NonceForm):
    name = StringField("Name", [rule(api_key.NAME)])
    lifetime = SelectField("Expires", choices=lifetimes, default=default_lifetime)
    expires_on = StringField("Last day")
    access = RadioField("What it may do", choices=as_choices(ACCESS), default="everything")
    scopes = CheckboxesField("Rights", choices=as_choices(scope.LABELS), validate_choice=False)
    audiences = StringField("Single programs behind the gate")
    pages = CheckboxesField("Pages", validate_choice=False)
    addresses = TextAreaField("Addresses")

    def validate_expires_on(self, field: Field) -> None:
        typed = (field.data or "").strip()
        if self.lifetime.data != CUSTOM:
            if typed:
                raise ValidationError("Choose “On a day…” above to use this day, or clear it.")
            return
        try:
            day = date.fromisoformat(typed) if len(typed) == len("2026-12-24") else LAST_DAY
        except ValueError:
            day = LAST_DAY
        if day >= LAST_DAY:
            raise ValidationError("Enter a day like 2026-12-24.")
        if end_of(day) <= now():
            raise ValidationError("Choose a day in the future.")

    def validate_scopes(self, field: Field) -> None:
        """Nothing ticked is lost, and a choice of nothing doesn’t become everything."""
        try:
            chosen = scope.clean((*(field.data or ()), *read_audiences(self.audiences.data or "")))
        except InvalidValue as refusal:
            raise ValidationError(str(refusal)) from None
        if self.access.data == "choose" and not chosen:
            raise ValidationError("Choose what the key may do.")
        if self.access.data != "choose" and chosen:
            raise ValidationError("Choose “Choose…” above to use these rights, or clear them.")

    def validate_addresses(self, field: Field) -> None:
        try:
            network.read(field.data or "")
        except InvalidValue as refusal:
            raise ValidationError(str(refusal)) from None

    @property
    def chosen_scopes(self) -> tuple[str, ...]:
        if self.access.data != "choose":
            return SCOPES[self.access.data]
        return scope.clean((*(self.scopes.data or ()), *read_audiences(self.audiences.data or "")))

    @property
    def expires_at(self) -> datetime | None:
        if self.lifetime.data == CUSTOM:
            return end_of(date.fromisoformat(self.expires_on.data.strip()))
        return now() + timedelta(days=int(self.lifetime.data)) if self.lifetime.data else None

    def rights(self, page_ids: tuple[str, ...]) -> KeyRights:
        """What was chosen, once the form is valid; no pages means all."""
        networks = network.read(self.addresses.data or "")
        return KeyRights(self.chosen_scopes or None, page_ids or None, networks or None, self.expires_at)


class RenameApiKeyForm(BaseForm):
    name = StringField("New name", [rule(api_key.NAME)])


class ReplaceApiKeyForm(NonceForm):
    ends = RadioField("The old key ends", choices=as_choices(ENDS), default="first_use")
