"""Pages for people: a cookie, a CSRF token and HTML."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from flask import Blueprint, Flask, Response, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from limits import RateLimitItemPerMinute
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.exceptions import BadRequest, Forbidden

from spk import rate_limit
from spk.db import now, reading, writing
from spk.models import BrowserSession, User
from spk.models.accounts import password as passwords
from spk.models.accounts.browser_session import browser_name
from spk.models.accounts.origin import Origin, acting
from spk.models.refusal import AccountGone
from spk.models.status_pages.vocabulary import COMPONENT_STATUSES
from spk.paths import SAFE_METHODS
from spk.web.page_sessions import PageSessions, next_page

public = Blueprint("public", __name__)  # for everybody, without a session
account = Blueprint("account", __name__)
user = Blueprint("user", __name__, url_prefix="/user")
csrf = CSRFProtect()
login_manager = LoginManager()
login_manager.session_protection = None  # it would trust any X-Forwarded-For
SIGN_IN_FORMS = ("account.create_session", "account.enter_second_factor", "account.sign_in_with_passkey")
POLLS = ("user.first_use", "user.first_steps")  # of an open page, which must not lead away from it
FORM_LIMIT = RateLimitItemPerMinute(120)  # submitted forms, for each account


def init_app(app: Flask) -> None:
    for module in iter_modules(__path__, f"{__name__}."):
        import_module(module.name)  # for its routes
    from spk.web import filters, key_words

    app.session_interface = PageSessions()
    csrf.init_app(app)
    # Not init_app, whose hook for remember-me cookies, unused here, reads the session in each API request.
    app.login_manager = login_manager  # type: ignore[attr-defined]  # where Flask-Login looks
    app.context_processor(lambda: {"current_user": current_user})
    for blueprint in (public, account, user):
        app.register_blueprint(blueprint)
    add_to_templates(app, filters, key_words)


def add_to_templates(app: Flask, filters: ModuleType, key_words: ModuleType) -> None:
    """Give templates their filters and functions, by the names of these."""
    for name in ("ago", "exact", "happened", "headline", "host", "label", "lasted", "local", "percent"):
        app.jinja_env.filters[name] = getattr(filters, name)
    app.jinja_env.filters.update(date=filters.day, span=filters.span, until=key_words.until)
    app.jinja_env.filters.update(window=filters.window, window_ends=filters.window_ends)
    for name in ("access", "ends_in", "limits", "page_list", "program", "rights_sentence"):
        app.jinja_env.globals[name] = getattr(key_words, name)
    app.jinja_env.globals.update(is_htmx=is_htmx, now=now, component_statuses=COMPONENT_STATUSES)
    app.jinja_env.globals.update(password_help=passwords.HELP, colours=filters.COLOURS)


@login_manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login has no types
def load_user(secret: str) -> User | None:
    with reading():
        found = BrowserSession.find(secret)
    if found is None:
        return None
    found.touch(rate_limit.client_address())
    return found.user


class SignedOut(Exception):
    """The session ended, or the account was disabled, since the request came in."""


@contextmanager
def changing(*, urgent: bool = False) -> Iterator[None]:
    """A unit of work of the person who is signed in, which is looked at again under the lock."""
    with writing(urgent=urgent):
        try:
            current_user.lock()  # whoever ends this session at the same moment has done so, or waits
        except AccountGone:
            raise SignedOut from None
        session = BrowserSession.find(current_user.session_secret)
        if session is None:
            raise SignedOut
        with acting(page_origin(session.id)):
            yield


def page_origin(session_id: int | None = None) -> Origin:
    """Where a change by this request comes from."""
    return Origin("page", request.remote_addr, browser_name(request.user_agent.string), session_id=session_id)


@account.before_request
def guard_account() -> ResponseReturnValue | None:
    check_origin()
    current_user._get_current_object()  # loads the user now, because templates run no queries
    try:
        csrf.protect()
    except CSRFError:
        if current_user.is_authenticated and request.endpoint in SIGN_IN_FORMS:
            return redirect(next_page())  # signed in by another tab, since this form was opened
        raise
    return None


@user.before_request
def guard_user() -> ResponseReturnValue | None:
    """Check origin, sign-in, rate limit and CSRF token, in this order."""
    check_origin()
    if not current_user.is_authenticated:
        return redirect_to_sign_in()
    if request.method not in SAFE_METHODS:
        rate_limit.hit(FORM_LIMIT, "user", str(current_user.id))
    csrf.protect()  # last: it ends with the session, and somebody signed out must be asked to sign in
    return None


@user.after_request
def vary_by_htmx(response: Response) -> Response:
    response.vary.add("HX-Request")
    return response


def check_origin() -> None:
    """Refuse a form from another site, judging by Origin and Sec-Fetch-Site (Fetch Metadata)."""
    if request.method in SAFE_METHODS:
        return
    own = (current_app.config["BASE_URL"], request.host_url.rstrip("/"))
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin") or "/".join((request.referrer or "").split("/", 3)[:3])
    if not origin and current_app.config["SESSION_COOKIE_SECURE"]:
        raise BadRequest("Your browser sends neither Origin nor Referer, and this form needs one of them.")
    if (origin or own[0]).lower() not in own or site not in ("same-origin", "none"):
        raise Forbidden("This form was sent from another site, so nothing was changed.")


@user.errorhandler(SignedOut)
def ask_again(_error: SignedOut) -> ResponseReturnValue:
    session.clear()
    return redirect_to_sign_in()


@account.errorhandler(ObjectDeletedError)
@user.errorhandler(ObjectDeletedError)
def ask_whoever_is_gone(_error: ObjectDeletedError) -> ResponseReturnValue:
    """An account may be deleted between a change that was refused and the page that says so."""
    return redirect_to_sign_in()


def redirect_to_sign_in() -> ResponseReturnValue:
    if request.method not in SAFE_METHODS:
        flash("You were signed out, so nothing was changed. Sign in to go on.", "sign_in")
    if is_htmx() and request.endpoint in POLLS:
        return "", 204
    if is_htmx():
        return "", 401, {"HX-Redirect": url_for("account.sign_in", next=url_for("user.security"))}
    page = request.path if request.method in SAFE_METHODS else url_for("user.security")
    return redirect(url_for("account.sign_in", next=page))


def is_htmx() -> bool:
    return "HX-Request" in request.headers
