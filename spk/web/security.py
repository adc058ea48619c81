"""The Security page; each of its sections has its own module."""

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from spk.db import reading
from spk.models import BrowserSession, Event, SignInAttempt
from spk.models.accounts.api_key_list import ApiKeyList
from spk.models.accounts.browser_session import MOST
from spk.models.accounts.news import News
from spk.models.accounts.owned_keys import OwnedKeys
from spk.models.accounts.second_factors import SecondFactors
from spk.models.first_steps import FirstSteps
from spk.models.status_pages.owned_pages import OwnedPages
from spk.web import is_htmx, user
from spk.web.api_key_forms import CreateApiKeyForm, as_choices
from spk.web.forms import ChangePasswordForm, EmailForm
from spk.web.key_feed import key_feed_url
from spk.web.proof import why_no_passkeys
from spk.web.query import asked, page_number, prefix_in


@user.get("/security")
def security() -> ResponseReturnValue:
    return section("api_keys")


def section(name: str, status: int = 200, changed: str = "", **context: object) -> Response:
    """Answer htmx with one section of the page, a browser without it with the whole page.

    `changed` is the prefix of a key that just was, which stays in its place.
    """
    with reading():
        shown = read_page(changed)
    shown |= {"failed": status >= 400} | context
    shown["create_form"].pages.choices = shown["page_choices"]
    template = f"security/_{name}.html" if is_htmx() else "security/security.html"
    return make_response(render_template(template, **shown), status)


def read_page(changed: str) -> dict[str, Any]:
    """All that any section shows."""
    search, state = asked().get("search", ""), asked().get("state", "")
    keys = ApiKeyList.of(current_user, search, state, page_number(), changed or prefix_in("changed"))
    factors, failed = SecondFactors(current_user), SignInAttempt.failed(current_user.email)
    pages = OwnedPages(current_user).named()
    return {
        "first_steps": FirstSteps.left(current_user),
        "news": News.of(current_user, failed),
        "authenticator_app": factors.app,
        "passkeys": factors.passkeys,
        "recovery_codes_left": factors.codes_left,
        "no_passkeys_because": why_no_passkeys(),
        "sees_api_keys": OwnedKeys(current_user).are_shown,
        "api_keys": keys,
        "known_addresses": keys.addresses,
        "page_names": {page.id: page.name for page in pages},
        "page_choices": as_choices({page.slug: page.name for page in pages}),
        "sessions": BrowserSession.of(current_user),
        "most_sessions": MOST,
        "asked": {"search": search, "state": state},
        "activity_of": prefix_in("key"),
        "events": Event.recent(current_user, prefix_in("key")),
        "failed_sign_ins": failed,
        "create_form": CreateApiKeyForm(formdata=None),
        "key_feed_url": key_feed_url(),
        "email_form": EmailForm(formdata=None),
        "password_form": ChangePasswordForm(formdata=None),
    }


def back_to(name: str, message: str) -> ResponseReturnValue:
    """Lead to a section of the page, which says this."""
    flash(message, name)
    return redirect(url_for("user.security", _anchor=name.replace("_", "-")), 303)
