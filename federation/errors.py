"""What can go wrong between a source and the landing: each with its reason, the source and the place.

Errors of a member's file are in `member_errors`, those of reading a landed file in `readers`.
A `reason` value is a word of the message catalogue (`federation.reason.WORD`), so that the sentence is whole
in every language; machines get the word.
"""

from typing import ClassVar

from core import messages
from core.errors import LumbungError


class FederationError(LumbungError):
    """The family of everything that fetching can meet."""

    http_status: ClassVar[int] = 502

    def _told(self, locale: str | None) -> dict[str, object]:
        told = dict(self.values)
        if isinstance(reason := told.get("reason"), str):
            told["reason"] = messages.text(f"federation.reason.{reason}", locale, **self.values)
        return told

    def what(self, locale: str | None = None) -> str:
        """What happened and where, with the reason told in the given language."""
        return messages.text(f"error.{self.code}.what", locale, **self._told(locale))

    def fix(self, locale: str | None = None) -> str:
        """What to do about it, in the given language."""
        return messages.text(f"error.{self.code}.fix", locale, **self._told(locale))


class SourceUnreachable(FederationError):
    """No connection came about: refused, no route, or the name is unknown (S01)."""

    code = "SOURCE_UNREACHABLE"
    transient = True


class SourceSilent(FederationError):
    """The connection stands, but nothing came for longer than the read limit (S02)."""

    code = "SOURCE_SILENT"
    http_status = 504
    transient = True


class SourceTooSlow(FederationError):
    """Bytes kept coming, but not all of them within the total deadline (S03)."""

    code = "SOURCE_TOO_SLOW"
    http_status = 504
    transient = True


class SourceInterrupted(FederationError):
    """The connection broke or ended before the whole body was there (S04, S05)."""

    code = "SOURCE_INTERRUPTED"
    transient = True


class SourceTooLarge(FederationError):
    """The body is larger than the limit; nothing of it is kept."""

    code = "SOURCE_TOO_LARGE"


class SourceBusy(FederationError):
    """The source asks to be left alone for longer than we wait (S08)."""

    code = "SOURCE_BUSY"
    http_status = 503
    transient = True


class SourceResting(FederationError):
    """So many calls to this host failed lately that it is left alone for a while (S07)."""

    code = "SOURCE_RESTING"
    http_status = 503
    transient = True


class SourceStatus(FederationError):
    """The source answered with a status that is not the data: it will say the same tomorrow."""

    code = "SOURCE_STATUS"


class SourceFailing(SourceStatus):
    """The source answered that it is failing (5xx) or overwhelmed, and kept doing so."""

    code = "SOURCE_FAILING"
    transient = True


class SourceNotCkan(FederationError):
    """A CKAN address answered with something that is no CKAN answer: a page, a login, another program (S09, S11)."""

    code = "SOURCE_NOT_CKAN"


class CkanRefused(FederationError):
    """CKAN itself says no: `type` is its `error.__type` (S12)."""

    code = "CKAN_REFUSED"


class CkanAccess(CkanRefused):
    """CKAN does not let this token, or nobody without one, read what was asked."""

    code = "CKAN_ACCESS"
    http_status = 403


class SourceInconsistent(FederationError):
    """Pages of one list contradict each other even when read again: changed count, repeated or missing ids (S13)."""

    code = "SOURCE_INCONSISTENT"
    transient = True


class RestAnswerUnfit(FederationError):
    """A page of a paged service is not what was declared: a web page, another shape, no list at the path (S09, S10)."""

    code = "SOURCE_ANSWER_UNFIT"


class XmlRefused(FederationError):
    """XML that declares entities or a document type, or nests beyond the limit (F01-F04)."""

    code = "XML_REFUSED"
    http_status = 422


class PagesContradict(FederationError):
    """Pages of one service contradict each other even when read again: repeated, going round, or miscounted (S13)."""

    code = "SOURCE_PAGES_CONTRADICT"
    transient = True


class PagesLimit(FederationError):
    """A service has more pages than the source was allowed; nothing of it is taken in."""

    code = "SOURCE_PAGES_LIMIT"


class SqlRefused(FederationError):
    """A database or a statement that is not asked: not one SELECT, an address that cannot be used, doubled columns."""

    code = "SQL_REFUSED"
    http_status = 422


class SqlFailed(FederationError):
    """The database refuses the question or breaks off while it answers."""

    code = "SQL_FAILED"


class SqlTooManyRows(FederationError):
    """The answer has more rows than the source was allowed; nothing of it is taken in."""

    code = "SQL_TOO_MANY_ROWS"


class SqlCursorUnfit(FederationError):
    """The column by which new rows are found is missing, or empty in a row, or of a type that has no order."""

    code = "SQL_CURSOR_UNFIT"
    http_status = 422


class TokenMissing(FederationError):
    """The environment variable that should hold a source's token is not set."""

    code = "SOURCE_TOKEN_MISSING"
    http_status = 422


class FolderMissing(FederationError):
    """The folder of a source is not there or cannot be read."""

    code = "SOURCE_FOLDER_MISSING"
    http_status = 404


class AddressError(FederationError):
    """The family of refusals by the address rules (S16-S19)."""

    http_status = 422


class RedirectRefused(AddressError):
    """A redirect goes round, on and on, or from https down to http (S16)."""

    code = "REDIRECT_REFUSED"


class AddressRefused(AddressError):
    """The name leads to an address inside a network, to the machine itself, or to cloud metadata (S17)."""

    code = "ADDRESS_REFUSED"


class TlsRefused(AddressError):
    """The certificate is not one that can be trusted for this host (S18)."""

    code = "TLS_REFUSED"


class UrlRefused(AddressError):
    """The address has a scheme, a port or credentials that are not taken (S19)."""

    code = "URL_REFUSED"


class AllowanceExpired(AddressError):
    """What is needed was allowed once, but the allowance has run out."""

    code = "ALLOWANCE_EXPIRED"


class LandingMissing(FederationError):
    """Bytes that were landed once are no longer there."""

    code = "LANDING_MISSING"
    http_status = 500


class LandingDamaged(FederationError):
    """Landed bytes no longer have the sha256 by which they are named."""

    code = "LANDING_DAMAGED"
    http_status = 500
