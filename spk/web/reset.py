"""A new password by a link that the operator makes."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from spk.db import reading, writing
from spk.models import BrowserSession, User
from spk.models.accounts import password
from spk.models.accounts.origin import acting
from spk.models.accounts.owned_keys import OwnedKeys
from spk.models.accounts.reset_link import find_reset
from spk.web import account, page_origin
from spk.web.forms import ResetForm

GONE = (
    "This link no longer works: it was used, or is older than an hour. Ask the administrator for a new one."
)


@account.get("/reset")
def reset() -> ResponseReturnValue:
    """The token is in the query, which no log of spk’s has."""
    user = find_or_refuse(request.args.get("token", ""))
    return reset_page(ResetForm(formdata=None, token=request.args["token"]), user)


def reset_page(form: ResetForm, user: User, status: int = 200) -> ResponseReturnValue:
    with reading():
        key_count = len(OwnedKeys(user).unrevoked())
    return render_template("account/reset.html", form=form, user=user, key_count=key_count), status


@account.post("/reset")
def reset_password() -> ResponseReturnValue:
    form = ResetForm()
    user = find_or_refuse(form.token.data or "")
    form.email, former_hash = user.email, user.password_hash
    if not form.validate():
        return reset_page(form, user, 422)
    password_hash = password.hash(form.password.data)
    with acting(page_origin()), writing(urgent=True):
        if not user.still_has(former_hash) or find_reset(form.token.data) is None:
            abort(404, GONE)
        user.set_password(password_hash, "user:password:reset")
        BrowserSession.end_all(user)
        if form.revoke_keys.data:
            keys = OwnedKeys(user)
            keys.revoke([key.prefix for key in keys.unrevoked()])
    flash("Your new password is set. Sign in with it.", "sign_in")
    return redirect(url_for("account.sign_in"), 303)


def find_or_refuse(token: str) -> User:
    with reading():
        return find_reset(token) or abort(404, GONE)
