"""Revoking several keys at once: choose them, see what will break, confirm once."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import reading
from spk.models.accounts.owned_keys import OwnedKeys
from spk.web import changing, user
from spk.web.api_keys import abort_unless_listed
from spk.web.security import back_to

MOST = 200  # keys at once


@user.get("/security/api-keys/revoke")
@reading()
def choose_keys_to_revoke() -> ResponseReturnValue:
    """List the keys that can be revoked, or ask about those that were chosen."""
    abort_unless_listed()
    own = OwnedKeys(current_user)
    if chosen := own.unrevoked(request.args.getlist("prefix")[:MOST]):
        return render_template("security/revoke_several.html", keys=chosen)
    return render_template(
        "security/choose_keys.html", keys=own.unrevoked(), most=MOST, nothing=bool(request.args)
    )


@user.post("/security/api-keys/revoke")
def revoke_keys() -> ResponseReturnValue:
    with changing(urgent=True):
        abort_unless_listed()
        revoked = OwnedKeys(current_user).revoke(request.form.getlist("prefix")[:MOST])
    return back_to("api_keys", f"{revoked} key{'s were' if revoked != 1 else ' was'} revoked.")
