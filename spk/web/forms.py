"""Forms for accounts and keys, validated by the rules of the models."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import current_app
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    Form,
    HiddenField,
    PasswordField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput

from spk import setup_token
from spk.models.accounts import email_address, passkey, password
from spk.models.refusal import InvalidValue


def rule(clean: Callable[[str], str]) -> Callable[[Form, Field], None]:
    """A validator that keeps the text that a rule returns, or shows the message of its ValueError."""

    def validate(_form: Form, field: Field) -> None:
        try:
            field.data = clean(field.data or "")
        except ValueError as error:
            raise StopValidation(str(error)) from None

    return validate


class CheckboxesField(SelectMultipleField):  # type: ignore[misc]  # WTForms publishes no types
    """Any number of choices."""

    option_widget = CheckboxInput()


class BaseForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types
    """What every form is made of: its CSRF token, and the data of this request."""


class SignInForm(BaseForm):
    email = StringField("Email")
    password = PasswordField("Password")


class ProofForm(BaseForm):
    """A code, or what a passkey answered to a challenge."""

    code = StringField("Code")
    challenge = HiddenField()
    assertion = HiddenField()


class ConfirmForm(ProofForm):
    password = PasswordField("Password")


def check_password(field: Field, email: str) -> None:
    """Refuse a new password that is too short, or easy to guess for somebody who knows this address."""
    try:
        password.check(field.data or "", email, urlsplit(current_app.config["BASE_URL"]).hostname or "")
    except InvalidValue as refusal:
        raise ValidationError(str(refusal)) from None


class RegisterForm(BaseForm):
    email = StringField("Email", [rule(email_address.clean)])
    password = PasswordField("Password")

    def validate_password(self, field: Field) -> None:
        check_password(field, self.email.data or "")


class SetupForm(RegisterForm):
    token = StringField("Setup token")

    def validate_password(self, field: Field) -> None:
        """Judge it for whoever has the token: it takes a moment."""
        if setup_token.matches(self.token.data or ""):
            super().validate_password(field)

    def validate_token(self, field: Field) -> None:
        if not setup_token.matches(field.data or ""):
            raise ValidationError("This isn’t the setup token. The server prints it when it starts.")


class ResetForm(BaseForm):
    token = HiddenField()
    password = PasswordField("New password")
    revoke_keys = BooleanField("Revoke all API keys, too")
    email = ""  # of the account that the token is for

    def validate_password(self, field: Field) -> None:
        check_password(field, self.email)


class ChangePasswordForm(BaseForm):
    current_password = PasswordField("Current password")
    new_password = PasswordField("New password")

    def validate_new_password(self, field: Field) -> None:
        if field.data == self.current_password.data:
            raise ValidationError("Choose a password that differs from your current one.")
        check_password(field, current_user.email)

    def validate_current_password(self, field: Field) -> None:
        if not password.verify(current_user.password_hash, field.data or ""):
            raise ValidationError("This isn’t your current password.")


class EmailForm(BaseForm):
    email = StringField(
        "New email", [rule(email_address.clean)], id="new-email"
    )  # the section has the other id


class AuthenticatorAppForm(BaseForm):
    secret = HiddenField()
    first_code = StringField("Code")  # not named as a proof, which isn't kept when it is asked for in between


class PasskeyForm(BaseForm):
    name = StringField("Name", [rule(passkey.NAME)])
    registration = HiddenField()
    attestation = HiddenField()


class DeleteAccountForm(BaseForm):
    email = StringField("Your email address")
