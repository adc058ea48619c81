"""What an account asks for besides its password: an app or passkeys, and codes for when these are lost."""

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.exc import IntegrityError

from spk.db import db
from spk.models.accounts.authenticator_app import AuthenticatorApp
from spk.models.accounts.passkey import MOST, Assertion, Passkey
from spk.models.accounts.recovery_code import RecoveryCode
from spk.models.accounts.sign_in_attempt import SignInAttempt
from spk.models.refusal import InvalidField, InvalidValue, LimitReached

if TYPE_CHECKING:
    from spk.models.accounts.user import User

MAX_LENGTH = 100  # characters of a code as it may be typed, with dashes and spaces


class OnlyFactor(InvalidValue):
    """It can’t be removed by itself."""

    def __init__(self) -> None:
        super().__init__("This is your only second factor. To do without one, turn two-factor off.")


class SecondFactors:
    """A user’s second factors; lock the user before any of them is changed or used."""

    def __init__(self, user: "User") -> None:
        self.user = user

    @property
    def are_on(self) -> bool:
        """Whether signing in with the password asks for one."""
        own = AuthenticatorApp.user_id == self.user.id, Passkey.user_id == self.user.id
        return db.session.scalar(select(or_(*(exists().where(each) for each in own)))) or False

    @property
    def app(self) -> AuthenticatorApp | None:
        return db.session.get(AuthenticatorApp, self.user.id)

    @property
    def passkeys(self) -> list[Passkey]:
        return Passkey.of(self.user.id)

    @property
    def codes_left(self) -> int:
        """How many recovery codes are unused."""
        return RecoveryCode.count_left(self.user.id)

    def prove(self, proof: str | Assertion, address: str, place: str) -> bool:
        """Count a try and use the proof, if it is one; raises TooManyAttempts."""
        attempts = SignInAttempt.record(f"second factor of {self.user.email}", address, place)
        is_right = self.accept(proof)
        if is_right:
            SignInAttempt.forgive(attempts)
        return is_right

    def accept(self, proof: str | Assertion) -> bool:
        """Use a passkey, or use up a code of the app or for recovery; each proof works once."""
        if isinstance(proof, Assertion):
            passkey = self.find_passkey(proof.passkey_id)
            return passkey is not None and passkey.accept(proof)
        code = _clean(proof)
        if self.app and self.app.accepts(code):
            return True
        if RecoveryCode.use(self.user.id, code):
            self.user.record("recovery_code:use")
            return True
        return False

    def add_app(self, secret: str, code: str) -> list[str]:
        """Add an app that shows this code; returns recovery codes if it is the first factor.

        Raises InvalidField.
        """
        if self.app:
            raise InvalidField("first_code", "An authenticator app was set up from somewhere else just now.")
        codes = self._codes_with_first()
        app = AuthenticatorApp.of(self.user.id, secret)
        if not app.accepts(_clean(code)):
            raise InvalidField(
                "first_code", "This isn’t the code that the app shows now. Check the clock of your phone."
            )
        db.session.add(app)
        self.user.record("authenticator_app:add")
        return codes

    def add_passkey(self, passkey: Passkey) -> list[str]:
        """Add a passkey; returns recovery codes if it is the first factor."""
        known = self.passkeys
        if len(known) >= MOST:
            raise LimitReached(f"You have {MOST} passkeys, the most there can be. Remove one first.")
        codes = self._codes_with_first()
        try:
            with db.session.begin_nested():
                db.session.add(passkey)
        except IntegrityError:
            raise InvalidValue("This passkey is registered already.") from None
        self.user.record("passkey:add", passkey.name)
        return codes

    def find_passkey(self, passkey_id: int) -> Passkey | None:
        passkey = db.session.get(Passkey, passkey_id)
        return passkey if passkey and passkey.user_id == self.user.id else None

    def remove_passkey(self, passkey: Passkey) -> None:
        """Remove one of several factors; raises OnlyFactor for the last one."""
        if not self.app and len(self.passkeys) == 1:
            raise OnlyFactor
        db.session.delete(passkey)
        self.user.record("passkey:remove", passkey.name)

    def renew_codes(self) -> list[str]:
        """New recovery codes; the old ones no longer work."""
        if not self.are_on:
            raise InvalidValue("Two-factor is off, so there are no recovery codes.")
        self.user.record("recovery_code:renew")
        return RecoveryCode.renew(self.user.id)

    def remove_app(self) -> None:
        """Remove one of several factors; raises OnlyFactor for the last one."""
        if self.app is None:
            raise InvalidValue("There is no authenticator app to remove.")
        if not self.passkeys:
            raise OnlyFactor
        db.session.delete(self.app)
        self.user.record("authenticator_app:remove")

    def turn_off(self, action: str = "second_factors:turn_off") -> None:
        """Remove all of them."""
        for model in (AuthenticatorApp, Passkey):
            db.session.execute(delete(model).where(model.user_id == self.user.id))
        RecoveryCode.remove(self.user.id)
        self.user.record(action)

    def _codes_with_first(self) -> list[str]:
        return [] if self.are_on else RecoveryCode.renew(self.user.id)


def _clean(typed: str) -> str:
    """A code without the spaces and dashes that it may be typed with."""
    return "".join(typed.split()).replace("-", "").lower() if len(typed) <= MAX_LENGTH else ""
