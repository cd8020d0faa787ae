"""Why an inbox does not take what a node sends."""

from core.errors import LumbungError


class InboxUnknown(LumbungError):
    """This key has no inbox of that name: the same answer for another member's and for none."""

    code = "INBOX_UNKNOWN"
    http_status = 404


class InboxOffset(LumbungError):
    """A piece does not begin where the file ends so far; `offset` says where to go on."""

    code = "INBOX_OFFSET"
    http_status = 409
    transient = True


class InboxMismatch(LumbungError):
    """The whole file has another sha256 than announced, because it changed or was damaged on its way."""

    code = "INBOX_MISMATCH"
    http_status = 422
    transient = True


class InboxFull(LumbungError):
    """A piece, a file or the inbox as a whole is larger than the limit."""

    code = "INBOX_FULL"
    http_status = 413


class InboxIncomplete(LumbungError):
    """A manifest names files that are not whole yet; nothing was published (F34)."""

    code = "INBOX_INCOMPLETE"
    http_status = 409
    transient = True


class InboxOutdated(LumbungError):
    """A manifest that was signed later is there already."""

    code = "INBOX_OUTDATED"
    http_status = 409


class InboxManifestInvalid(LumbungError):
    """A manifest or an address is not what a node writes."""

    code = "INBOX_INVALID"
    http_status = 422
