"""Passwords do not leave: they are cut out of URLs and of any text that is about to be shown or stored."""

import functools
import re
from collections.abc import Iterable

_MASK = "***"
_USERINFO = r"(?P<head>[A-Za-z][\w+.-]*://[^/?#\s:@]*:)(?P<secret>[^/?#\s]*)(?=@)"
_LOOSE_USERINFO = r"(?P<head>[A-Za-z][\w+.-]*://[^/?#\s:@]*:)(?P<secret>\S*)(?=@)"
_PARAMETER = (
    r"(?P<head>(?<![A-Za-z_])(?:sslpassword|ssl_key_password|password|passwd|pwd)\s*=\s*)"
    r"(?P<secret>'(?:\\.|[^'])*'|[^&\s'\"]+)"
)
_SHORTEST, _UNMISTAKABLE = 3, 8


def redact(text: str) -> str:
    """Return `text` with the passwords of the URLs and connection strings in it replaced by `***`."""
    for pattern in _patterns(text):
        text = pattern.sub(rf"\g<head>{_MASK}", text)
    return text


def secrets(url: str) -> tuple[str, ...]:
    """Return the passwords that `url` holds, both as they are written and percent-decoded."""
    found = [match["secret"].strip("'") for pattern in _patterns(url) for match in pattern.finditer(url)]
    # A password with spaces is no URL's, but people write it, and drivers take it.
    found += re.findall(r"(?s)\A[A-Za-z][\w+.-]*://[^/?#:@]*:(.*)@", url)
    written = dict.fromkeys(form for secret in found for form in (secret, _decoded(secret)))
    return tuple(secret for secret in written if secret not in ("", _MASK, _user(url)))


def _user(url: str) -> str:
    """Return the user's name, which is no secret even when it is the password as well."""
    match = re.match(r"[A-Za-z][\w+.-]*://([^/?#\s:@]*)", url)
    return _decoded(match[1]) if match else ""


def _patterns(text: str) -> tuple[re.Pattern[str], ...]:
    """Return what to look for, nothing when a glance shows that there is no password."""
    return _compiled() if "@" in text or "=" in text else ()


# Compiled on first use: most calls of the program never need them.
@functools.cache
def _compiled() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in (_USERINFO, _LOOSE_USERINFO, _PARAMETER))


def scrub(text: str, known: Iterable[str] = ()) -> str:
    """Return `text` without any of the `known` secrets and without the passwords of URLs in it.

    A secret of fewer than three characters is looked for in URLs only, one of fewer than eight only as a word of its
    own: every text would be full of them.
    """
    for secret in sorted(known, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = _anywhere(secret).sub(_MASK, text)
    return redact(text)


def _anywhere(secret: str) -> re.Pattern[str]:
    pattern = re.escape(secret)
    if len(secret) < _UNMISTAKABLE:
        before = r"(?<!\w)" if secret[0].isalnum() else ""
        after = r"(?!\w)" if secret[-1].isalnum() else ""
        pattern = before + pattern + after
    return re.compile(pattern)


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)
