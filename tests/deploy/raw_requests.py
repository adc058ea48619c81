"""Requests as no client should send them, by what is wrong with them, and the status spk answers itself."""

import re
import socket

START = "GET /api/v1/whoami HTTP/1.1\r\n"
HOST = "Host: HOST\r\n"
KEY = "Authorization: Bearer TOKEN\r\n"
GET = START + HOST + KEY
CLOSE = "Connection: close\r\n\r\n"
POST = f"POST /api/v1/pages HTTP/1.1\r\n{HOST}{KEY}"
SMUGGLED = f"GET /smuggled HTTP/1.1\r\n{HOST}{KEY}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"


def framed(headers: str, body: str = "0\r\n\r\n") -> str:
    """A request whose end is a matter of opinion, with another one behind it."""
    return f"{POST}{headers}\r\n{body}{SMUGGLED}"


# Where it ends is in doubt: it is refused, and nothing more is read from the connection.
AMBIGUOUS = {
    "a length and chunks, the length leading past the next request": (
        framed(f"Content-Length: 99\r\n{CHUNKED}"),
        400,
    ),
    "a length and chunks, the chunks leading past it": (
        framed(f"{CHUNKED}Content-Length: 4\r\n", f"40\r\n{'x' * 64}\r\n0\r\n\r\n"),
        400,
    ),
    "an unknown coding": (framed("Transfer-Encoding: xchunked\r\n"), 501),
    "no coding": (framed("Transfer-Encoding:\r\n"), 501),
    "chunks within chunks": (framed("Transfer-Encoding: chunked, chunked\r\n"), 400),
    "chunks and then something": (framed("Transfer-Encoding: chunked, identity\r\n"), 400),
    "two codings": (framed(f"{CHUNKED}Transfer-Encoding: identity\r\n"), 400),
    "a coding behind a vertical tab": (framed("Transfer-Encoding: \x0bchunked\r\n"), 400),
    "a coding before a NUL": (framed("Transfer-Encoding: chunked\0\r\n"), 400),
    "a coding whose name ends in a space": (framed("Transfer-Encoding : chunked\r\n"), 400),
    "chunks under HTTP/1.0": (framed(CHUNKED).replace("HTTP/1.1", "HTTP/1.0", 1), 400),
    "a chunk of no size": (framed(CHUNKED, "zz\r\n\r\n"), 411),
    "a chunk of negative size": (framed(CHUNKED, "-1\r\n\r\n"), 411),
    "a chunk with 0x": (framed(CHUNKED, "0x0\r\n\r\n"), 411),
    "a length twice": (framed("Content-Length: 5\r\nContent-Length: 5\r\n"), 400),
    "two lengths": (framed("Content-Length: 0\r\nContent-Length: 5\r\n"), 400),
    **{
        f"the length {length}": (framed(f"Content-Length: {length}\r\n"), 400)
        for length in ("+3", "-3", "3,3", "0x3", "1e1", "3_0", "", "\xb2", "abc", "9" * 5000)
    },
}
# A head that cannot be read, or not in one way.
UNREADABLE = {
    "a folded token": (f"{START}{HOST}Authorization: Bearer\r\n TOKEN\r\n\r\n", 400),
    "another folded header": (f"{GET}X-A: a\r\n b\r\n\r\n", 400),
    "a NUL behind the token": (f"{START}{HOST}Authorization: Bearer TOKEN\0\r\n\r\n", 400),
    "a NUL in the address": (f"GET /TOKEN\0 HTTP/1.1\r\n{HOST}\r\n", 400),
    "a space before the colon": (f"{START}{HOST}Authorization : Bearer TOKEN\r\n\r\n", 400),
    "no colon": (f"{START}{HOST}Authorization Bearer TOKEN\r\n\r\n", 400),
    "no name": (f"{GET}: a\r\n\r\n", 400),
    "a CR behind the token": (f"{START}{HOST}Authorization: Bearer TOKEN\rX-A: a\r\n\r\n", 400),
    "a header of 9 kB": (f"{GET}X-A: {'x' * 9000}\r\n\r\n", 431),
    "a token of 9 kB": (f"{START}{HOST}Authorization: Bearer TOKEN{'x' * 9000}\r\n\r\n", 431),
    "an address of 9 kB": (f"GET /{'x' * 9000} HTTP/1.1\r\n{HOST}{KEY}\r\n", 414),
    "two hosts": (f"{GET}Host: evil.example\r\n\r\n", 400),
    "the host twice": (f"{GET}{HOST}\r\n", 400),
    "the version 0.9": (GET.replace("1.1", "0.9") + "\r\n", 400),
    "the version 2.0": (GET.replace("1.1", "2.0") + "\r\n", 400),
    "the preface of HTTP/2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "tabs for spaces": (GET.replace(" /api/v1/whoami ", "\t/api/v1/whoami\t") + "\r\n", 400),
    "a space before the first header": (f"{START} {HOST}{KEY}\r\n", 400),
    "a method in small letters": (GET.replace("GET", "get") + "\r\n", 400),
    "an address without a slash": (GET.replace("/api", "api") + "\r\n", 400),
    "GET *": (GET.replace("/api/v1/whoami", "*") + "\r\n", 400),
}
# nginx takes these and repairs them or passes them on; spk by itself doesn't.
NOT_TO_GUNICORN = {
    "HTTP/0.9": ("GET /api/v1/whoami\r\n\r\n", 400),
    "LF for CRLF": (f"{GET}\r\n".replace("\r\n", "\n"), 400),
    "one LF for CRLF": (f"{START}{HOST}X-A: a\n{KEY}\r\n", 400),
    "bytes in the path": (f"GET /p/\xff\xfe HTTP/1.1\r\n{HOST}\r\n", 400),
    "bytes in the query": (f"GET /api/v1/whoami?\xff HTTP/1.1\r\n{HOST}\r\n", 400),
    "bytes in the name of a header": (f"{GET}X-\xe9: a\r\n\r\n", 400),
    "an encoded token in an address with bytes": (f"GET /ENCODED\xff HTTP/1.1\r\n{HOST}\r\n", 400),
    "half a token, a control character, and the rest": (f"GET /HALF\x01REST HTTP/1.1\r\n{HOST}\r\n", 400),
}


def to_bytes(request: str, host: str, token: str) -> bytes:
    words = {"HOST": host, "TOKEN": token, "ENCODED": token.replace("_", "%5f")}
    words |= {"HALF": token[:20], "REST": token[20:]}
    for word, meant in words.items():
        request = request.replace(word, meant)
    return request.encode("latin-1")


def answers(connection: socket.socket, request: bytes) -> tuple[list[int], bytes]:
    """Send this, and read until the other side closes: the statuses, and all the bytes of the answers."""
    connection.settimeout(10)
    connection.sendall(request)
    got = b"".join(iter(lambda: connection.recv(65536), b""))
    return [int(status) for status in re.findall(rb"HTTP/1\.\d (\d{3}) [A-Z]", got)], got
