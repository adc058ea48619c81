"""A key’s details, which open below its row, and what can be changed there."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import reading
from spk.models.accounts.key_use import KeyUse
from spk.models.accounts.owned_keys import NonceUsed, NotReplaceable, OwnedKeys
from spk.models.accounts.use_counter import key_uses
from spk.models.status_pages.owned_pages import OwnedPages
from spk.web import changing, is_htmx, user
from spk.web.api_key_forms import RenameApiKeyForm, ReplaceApiKeyForm
from spk.web.api_keys import answer, find_api_key
from spk.web.confirm import confirmed_for_keys
from spk.web.security import section


@user.get("/security/api-keys/<prefix>")
def api_key(prefix: str) -> ResponseReturnValue:
    return details(prefix)


@user.post("/security/api-keys/<prefix>/rename")
def rename_api_key(prefix: str) -> ResponseReturnValue:
    form = RenameApiKeyForm()
    if not form.validate():
        return details(prefix, 422, rename_form=form)
    with changing():
        key = find_api_key(prefix)
        before = key.name
        key.rename(form.name.data)
    return answer(key, f"“{before}” is now “{key.name}”.")


@user.post("/security/api-keys/<prefix>/replace")
@confirmed_for_keys
def replace_api_key(prefix: str) -> ResponseReturnValue:
    """Create a key with the same rights and show its token, as creating one does."""
    form = ReplaceApiKeyForm()
    if not form.validate():
        return details(prefix, 422, replace_form=form)
    try:
        with changing():
            key = find_api_key(prefix)
            new = OwnedKeys(current_user).replace(key, form.ends.data, nonce=form.used_nonce)
    except (NotReplaceable, NonceUsed) as refusal:
        return section("api_keys", 409, message=str(refusal))
    return section("api_keys", 201, new=new)


def details(prefix: str, status: int = 200, **context: object) -> ResponseReturnValue:
    """Answer htmx with the row of details, a browser without it with a page."""
    with reading():
        key = find_api_key(prefix)
        shown: dict[str, Any] = {
            "key": key,
            "use": KeyUse.of(key, key_uses().pending(key.id)),
            "replaces": OwnedKeys(current_user).predecessor(key),
            "page_names": OwnedPages(current_user).names(),
            "rename_form": RenameApiKeyForm(formdata=None, name=key.name),
            "replace_form": ReplaceApiKeyForm(formdata=None),
        }
    shown |= context
    for form in (shown["rename_form"], shown["replace_form"]):
        for field in form:
            field.id = f"{field.id}-{prefix}"  # details of several keys may be open
    if is_htmx():
        page = render_template("security/_key_details.html", **shown)
        return page, status, {"HX-Retarget": f"#details-{prefix}", "HX-Reswap": "outerHTML"}
    return render_template("security/key.html", **shown), status
