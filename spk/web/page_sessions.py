"""The cookie of people’s sessions, and of sign-ins that wait for a second factor."""

import re
import secrets

from flask import Flask, Request, Response, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_login import current_user, login_user

from spk.models import User
from spk.paths import is_api, is_gate
from spk.rate_limit import client_address
from spk.web.known_browser import add_cookie, know_browser, known_browser

AWAITING = "awaiting"  # in the cookie: the secret of a session that waits for a second factor


class PageSessions(SecureCookieSessionInterface):
    """Sessions for pages only: a request to the API or the gate never reads its cookie."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if is_api(request.path) or is_gate(request.path):
            return None
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()  # before Flask makes a signer, which costs a tenth of a request
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        super().save_session(app, session, response)
        add_cookie(response)


def begin_session(user: User) -> None:
    """Add the session to the unit of work, in place of the one that this browser had."""
    is_known = bool(known_browser(user))
    replaced = current_user.session_secret if current_user.is_authenticated else ""
    agent, address = request.user_agent.string, client_address()
    user.sign_in(agent, address, is_known=is_known, replaces=replaced)


def remember_session(user: User) -> None:
    """Replace the content of this browser’s cookie with the session that was started."""
    session.clear()
    session.permanent = True
    login_user(user)
    know_browser(user, secrets.token_urlsafe(8))


def awaiting_secret() -> str:
    """What this browser’s cookie holds between the password and the second factor."""
    return str(session[AWAITING]) if AWAITING in session else ""


def next_page() -> str:
    """The URL in `?next=` if it is a path on this server, else that of the Security page."""
    return own_path(request.args.get("next", "")) or url_for("user.security")


def own_path(text: str) -> str:
    """The text if it is a path on this server, else nothing."""
    return text if re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", text) else ""
