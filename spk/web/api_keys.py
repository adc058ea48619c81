"""The API Keys section."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import reading
from spk.models import ApiKey
from spk.models.accounts.owned_keys import KeyLimitReached, NonceUsed, OwnedKeys
from spk.models.refusal import InvalidField, InvalidValue, PlanRequired
from spk.models.status_pages.owned_pages import OwnedPages
from spk.web import changing, is_htmx, user
from spk.web.api_key_forms import CreateApiKeyForm
from spk.web.confirm import confirmed_for_keys
from spk.web.security import section


@user.get("/security/api-keys")
@reading()
def api_keys() -> ResponseReturnValue:
    abort_unless_listed()
    return redirect(url_for("user.security", _anchor="api-keys"))


@user.post("/security/api-keys")
@confirmed_for_keys
def create_api_key() -> ResponseReturnValue:
    """Create a key and show its token, once: the one POST that does not redirect."""
    current_user.require("api_access")
    form = CreateApiKeyForm()
    if not form.validate():
        return section("api_keys", 422, create_form=form)
    try:
        with changing():
            rights = form.rights(OwnedPages(current_user).ids(form.pages.data or ()))
            new = OwnedKeys(current_user).create(form.name.data, nonce=form.used_nonce, rights=rights)
    except InvalidValue as refusal:
        form.pages.errors = [str(refusal)]
        return section("api_keys", 422, create_form=form)
    except InvalidField as refusal:
        form[refusal.field].errors = [str(refusal)]
        return section("api_keys", 422, create_form=form)
    except KeyLimitReached:
        return section("api_keys", 409, refused=True)  # the section has the message in place of the form
    except NonceUsed as refusal:
        return section("api_keys", 409, message=str(refusal))
    return section("api_keys", 201, new=new)


@user.get("/security/api-keys/<prefix>/first-use")
@reading()
def first_use(prefix: str) -> ResponseReturnValue:
    """Tell the open token dialog that the key was used, or that it can stop polling."""
    key = find_api_key(prefix)
    if key.is_new and not key.last_used_at:
        return "", 204
    return render_template(
        "security/_first_use.html",
        key=key,
        page_names=OwnedPages(current_user).names(),
    )


@user.get("/security/api-keys/<prefix>/revoke")
@reading()
def confirm_revoke(prefix: str) -> ResponseReturnValue:
    template = "security/_revoke_dialog.html" if is_htmx() else "security/revoke.html"
    return render_template(template, key=find_api_key(prefix))


@user.post("/security/api-keys/<prefix>/revoke")
def revoke(prefix: str) -> ResponseReturnValue:
    with changing(urgent=True):
        key = find_api_key(prefix)
        was_active = key.revoke()
    return answer(key, f"“{key.name}” was {'' if was_active else 'already '}revoked.")


def answer(key: ApiKey, message: str) -> ResponseReturnValue:
    """Show the section with a message and the focus on the key that it is about."""
    if is_htmx():
        return section("api_keys", changed=key.prefix, message=message)
    flash(message, "api_keys")
    return redirect(url_for("user.security", changed=key.prefix, _anchor=f"key-{key.prefix}"), 303)


def abort_unless_listed() -> None:
    """Refuse users whose Security page has no API Keys section."""
    if not OwnedKeys(current_user).are_shown:
        raise PlanRequired("api_access")


def find_api_key(prefix: str) -> ApiKey:
    """The user’s own key; that of somebody else is a 404, like one that doesn’t exist."""
    abort_unless_listed()
    return OwnedKeys(current_user).find(prefix) or abort(404, "That key isn’t in your account.")
