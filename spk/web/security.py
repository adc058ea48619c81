"""The Security page; each of its sections has its own module."""

from typing import Any

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import reading
from spk.models import BrowserSession, SignInAttempt
from spk.models.accounts.api_key_list import ApiKeyList
from spk.models.status_pages.owned_pages import OwnedPages
from spk.web import is_htmx, user
from spk.web.api_key_forms import CreateApiKeyForm, as_choices
from spk.web.forms import ChangePasswordForm

REVOKED_LIMIT = 100  # keys listed, without ?revoked=all


@user.get("/security")
def security() -> ResponseReturnValue:
    return section("api_keys")


def section(name: str, status: int = 200, **context: object) -> Response:
    """Answer htmx with one section of the page, a browser without it with the whole page."""
    with reading():
        keys = ApiKeyList.of(current_user, None if wants_all_revoked() else REVOKED_LIMIT)
        pages = OwnedPages(current_user).named()
        shown: dict[str, Any] = {
            "sees_api_keys": current_user.sees_api_keys,
            "api_keys": keys,
            "known_addresses": keys.addresses,
            "page_names": {page.id: page.name for page in pages},
            "sessions": BrowserSession.of(current_user),
            "events": current_user.recent_events(),
            "failed_sign_ins": SignInAttempt.failed(current_user.email),
            "create_form": CreateApiKeyForm(formdata=None),
            "password_form": ChangePasswordForm(formdata=None),
        }
    shown |= context
    shown["create_form"].pages.choices = as_choices({page.slug: page.name for page in pages})
    template = f"security/_{name}.html" if is_htmx() else "security/security.html"
    return make_response(render_template(template, **shown), status)


def wants_all_revoked() -> bool:
    return request.args.get("revoked") == "all"
