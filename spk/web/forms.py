"""Forms for accounts and keys, validated by the rules of the models."""

import secrets
from collections.abc import Callable
from datetime import timedelta

from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import Field, Form, HiddenField, PasswordField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from spk import setup_token
from spk.models.accounts import api_key, email_address, password

LIFETIMES = {"": "Never", "7": "In 7 days", "30": "In 30 days", "90": "In 90 days", "365": "In a year"}


def rule(clean: Callable[[str], str]) -> Callable[[Form, Field], None]:
    """A validator that keeps the text that a rule returns, or shows the message of its ValueError."""

    def validate(_form: Form, field: Field) -> None:
        try:
            field.data = clean(field.data or "")
        except ValueError as error:
            raise StopValidation(str(error)) from None

    return validate


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    email = StringField("Email")
    password = PasswordField("Password")


class RegisterForm(FlaskForm):  # type: ignore[misc]
    email = StringField("Email", [rule(email_address.clean)])
    password = PasswordField("Password", [rule(password.check)])


class SetupForm(RegisterForm):
    token = StringField("Setup token")

    def validate_token(self, field: Field) -> None:
        if not setup_token.matches(field.data or ""):
            raise ValidationError("This isn’t the setup token. The server prints it when it starts.")


class ChangePasswordForm(FlaskForm):  # type: ignore[misc]
    current_password = PasswordField("Current password")
    new_password = PasswordField("New password", [rule(password.check)])

    def validate_new_password(self, field: Field) -> None:
        if field.data == self.current_password.data:
            raise ValidationError("Choose a password that differs from your current one.")

    def validate_current_password(self, field: Field) -> None:
        if not password.verify(current_user.password_hash, field.data or ""):
            raise ValidationError("This isn’t your current password.")


class CreateApiKeyForm(FlaskForm):  # type: ignore[misc]
    name = StringField("Name", [rule(api_key.NAME)])
    lifetime = SelectField(
        "Expires",
        choices=[SelectChoice(days, label) for days, label in LIFETIMES.items()],
        default="",
    )
    # Accepted once, so that neither a reload nor a double click creates a second key.
    nonce = HiddenField(default=lambda: secrets.token_urlsafe(16))

    @property
    def used_nonce(self) -> str | None:
        return (self.nonce.data or "")[:64] or None

    @property
    def chosen_lifetime(self) -> timedelta | None:
        return timedelta(days=int(self.lifetime.data)) if self.lifetime.data else None
