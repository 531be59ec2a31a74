"""The wire to Canvas: canvasapi's requests with time limits, patience where asked for it, and errors that people read.

The token is known here alone. canvasapi gets an empty one, so that neither its log nor a traceback through it can show
the real one, which is put into each request on its way out.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from grader.errors import GraderError, UsageError
from grader.report.clean import clean

if TYPE_CHECKING:
    import requests

__all__ = ["TOKEN_VARIABLE", "Link", "UnknownFateError", "as_canvas_answers", "check_url", "read_token"]

TOKEN_VARIABLE = "CANVAS_API_TOKEN"  # noqa: S105 - a name, no token
_TIMEOUT_S = (10.0, 60.0)  # to connect, between two bytes
_TRIES = 5
_LONGEST_PAUSE_S = 60.0
_FIRST_PAUSE_S = 1.0


class UnknownFateError(GraderError):
    """A request was sent and not answered: Canvas may have done what it asks, or not."""


def read_token(environment: Mapping[str, str]) -> str:
    """The token. Raises UsageError, which never shows it."""
    token = environment.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise UsageError(f"{TOKEN_VARIABLE} is not set: put a token there, made in Canvas under Account, Settings")
    if not re.fullmatch(r"[\x21-\x7e]{8,1000}", token):
        raise UsageError(f"{TOKEN_VARIABLE} holds no token: expected 8 characters or more, without blanks or accents")
    return token


def check_url(url: str) -> str:
    """The address of a Canvas, without a slash at its end. Raises UsageError for what is none, or not safe."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    shown = clean(url, limit=80)
    if not host or parts.username or parts.scheme not in {"https", "http"}:
        raise UsageError(f"--url {shown}: expected an address such as https://canvas.example.edu")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise UsageError(f"--url {shown}: give its first part only: {parts.scheme}://{parts.netloc}")
    if parts.scheme == "http" and not _loopback(host):
        raise UsageError(f"--url {shown}: the token would travel readable for all: say https://{parts.netloc}")
    return f"{parts.scheme}://{parts.netloc}"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Link:
    """What canvasapi takes for its session. Raises GraderError for whatever is not answered as it should be.

    `say` is told of pauses; `sleep` is how to make them.
    """

    def __init__(
        self, url: str, token: str, *, say: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        import requests  # noqa: PLC0415 - a second of imports, for this command alone

        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {token}"
            return request

        self.url = url
        self._token = token
        self._say = say
        self._sleep = sleep
        self._session = requests.Session()
        self._session.auth = sign  # not among the headers: a netrc file would go before them

    def requester(self) -> Any:
        """A requester of canvasapi's that goes by this."""
        from canvasapi.requester import Requester  # noqa: PLC0415 - the same

        made = Requester(self.url, "")
        made._session = self  # noqa: SLF001 - canvasapi knows no time limit, and has no other place to set one
        return made

    def get(self, url: str, headers: Mapping[str, str], params: Any = None) -> requests.Response:
        """Read. Tried again after what may pass."""
        return self._send("GET", url, headers, params=params)

    def post(self, url: str, headers: Mapping[str, str], data: Any = None, files: Any = None) -> requests.Response:
        """Write. Tried again only where Canvas has done nothing; raises UnknownFateError where nobody knows that."""
        return self._send("POST", url, headers, data=data, files=files)

    def _send(self, method: str, url: str, headers: Mapping[str, str], **body: Any) -> requests.Response:
        pause_s = _FIRST_PAUSE_S
        for attempt in range(1, _TRIES + 1):
            try:
                return self._once(method, url, headers, **body)
            except _PassingError as error:
                if method == "POST" and not error.undone:
                    raise UnknownFateError(str(error)) from None
                if attempt == _TRIES:
                    raise GraderError(f"{error}: tried {_TRIES} times: try again later") from None
                wait_s = min(error.pause_s or pause_s, _LONGEST_PAUSE_S)
                self._say(f"{error}: trying again in {wait_s:.0f} s")
            self._sleep(wait_s)
            pause_s *= 2
        msg = "the last try returns or raises"
        raise AssertionError(msg)

    def _once(self, method: str, url: str, headers: Mapping[str, str], **body: Any) -> requests.Response:
        import requests  # noqa: PLC0415 - the same

        errors = requests.exceptions
        try:
            answer = self._session.request(
                method, url, headers={**headers}, timeout=_TIMEOUT_S, allow_redirects=False, **body
            )
        except errors.SSLError as error:
            raise GraderError(f"{self.url}: its certificate is not to be trusted: {self._plain(error)}") from None
        except errors.RequestException as error:
            unreached = isinstance(error, (errors.ConnectTimeout, errors.ProxyError)) or bool(
                re.search("NewConnectionError|NameResolutionError", repr(error))
            )
            what = "cannot be reached" if unreached else "no answer"
            raise _PassingError(f"{self.url}: {what}: {self._plain(error)}", undone=unreached) from None
        self._check(answer)
        return answer

    def _plain(self, error: Exception) -> str:
        """What the system said, without the layers around it."""
        said = re.search(r"\[Errno -?[0-9]+\] ([\w ,.'-]+)", str(error))
        return self._clean(said[1].rstrip("'") if said else type(error).__name__)

    def _clean(self, text: str) -> str:
        return clean(text.replace(self._token, "…"), limit=300)

    def _check(self, answer: requests.Response) -> None:
        """Raise what a status means; return for a good one."""
        status, path = answer.status_code, urlsplit(answer.url).path.removeprefix("/api/v1/")
        if answer.is_redirect:
            elsewhere = self._clean(answer.headers.get("Location", ""))
            raise UsageError(f"{self.url}: answers that it is elsewhere, {elsewhere}: give the right --url")
        if status == 429 or (status == 403 and "rate limit" in answer.text[:1000].lower()):
            after = answer.headers.get("Retry-After", "")
            pause_s = float(after) if re.fullmatch("[0-9]{1,5}", after) else None
            raise _PassingError(f"{self.url}: asks for fewer requests ({status})", undone=True, pause_s=pause_s)
        if status == 401:
            raise UsageError(
                f"{self.url}: refuses the token in {TOKEN_VARIABLE} (401): make a new one in Canvas under Account, "
                "Settings"
            )
        if status == 403:
            raise UsageError(f"{path}: whoever made the token may not do that (403): ask for the right to grade there")
        if status == 404:
            raise UsageError(f"{path}: not there, or not to be seen with this token (404): check the ids and --url")
        if status >= 500:
            raise _PassingError(f"{self.url}: failed ({status})", undone=False)
        if status >= 400:
            raise GraderError(f"{path}: refused ({status}): {self._clean(answer.text[:2000])}")


class _PassingError(Exception):
    """What may be otherwise in a moment; `undone`: Canvas has certainly not done what it was asked."""

    def __init__(self, what: str, *, undone: bool, pause_s: float | None = None) -> None:
        super().__init__(what)
        self.undone = undone
        self.pause_s = pause_s


@contextmanager
def as_canvas_answers(url: str, *, sent: bool = False) -> Iterator[None]:
    """Raise GraderError where an answer is not as Canvas's are; UnknownFateError if something was `sent`."""
    try:
        yield
    except GraderError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        kind = UnknownFateError if sent else GraderError
        raise kind(f"{url}: answers in a way that is not Canvas's ({type(error).__name__}): check --url") from None
