"""Forms for accounts and keys, validated by the rules of the models."""

from collections.abc import Callable

from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import Field, Form, PasswordField, StringField, ValidationError
from wtforms.validators import StopValidation

from spk import setup_token
from spk.models.accounts import email_address, password


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
