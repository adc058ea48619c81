"""The client's address as proxies write it: some add a port, brackets or a zone."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_LENGTH = 60  # characters: an IPv6 address in brackets, with zone and port


def plain_address(text: str) -> str:
    """The address alone, in its canonical form; a text that has none stays as it is.

    As in X-Forwarded-For, and in `for` of RFC 7239, section 6: `203.0.113.9:50001`, `"[2001:db8::1]:443"`.
    """
    written = text.strip(' "')
    if len(written) > MAX_LENGTH:
        return text
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        address = ip_address(written.partition("%")[0])
    except ValueError:
        return text
    return str((isinstance(address, IPv6Address) and address.ipv4_mapped) or address)


def with_plain_address(app: "WSGIApplication") -> "WSGIApplication":
    """Let an application see the client's address alone."""

    def run(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = plain_address(environ.get("REMOTE_ADDR", ""))
        return app(environ, start_response)

    return run
