"""Browsers that an account knows: no stranger’s wrong tries keep its owner out (OWASP: device cookies)."""

from contextlib import suppress
from datetime import timedelta

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from spk.models import Event, User
from spk.request_state import request_state

COOKIE = "spk-browser"
LASTS = timedelta(days=390)
COOKIE_LENGTH = 300  # characters


def place_of(user: User, address: str) -> str:
    """This browser or else this address, if the account was signed in to from there before; else nothing."""
    if browser := known_browser(user):
        return f"browser {browser}"
    return f"address {address}" if Event.has_signed_in_from(user.id, address) else ""


def known_browser(user: User) -> str:
    """The name of this browser, if the account was signed in to with it before."""
    with suppress(BadSignature, ValueError):
        account, browser = _serializer().loads(request.cookies.get(COOKIE, "")[:COOKIE_LENGTH])
        if account == user.id:
            return str(browser)
    return ""


def know_browser(user: User, name: str) -> None:
    """Give this browser a cookie that opens nothing: it only has its tries counted by themselves."""
    request_state().known_browser = str(_serializer().dumps([user.id, name]))


def add_cookie(response: Response) -> None:
    if value := request_state().known_browser:
        is_secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(
            COOKIE, value, LASTS, path="/login", secure=is_secure, httponly=True, samesite="Lax"
        )


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=COOKIE)
