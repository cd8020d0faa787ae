"""Why a node gave nothing, or less than it should; each names the member and never repeats what the node said (G24)."""

from core.errors import LumbungError


class LiveError(LumbungError):
    """The family of everything that asking a node can meet."""

    http_status = 502


class LiveUnreachable(LiveError):
    """No connection came about, or it broke before the answer was whole."""

    code = "LIVE_UNREACHABLE"
    transient = True


class LiveSilent(LiveError):
    """The node did not answer, or not to the end, before its deadline."""

    code = "LIVE_SILENT"
    http_status = 504
    transient = True


class LiveBusy(LiveError):
    """As many questions as a node may be asked at once are waiting for it already."""

    code = "LIVE_BUSY"
    http_status = 503
    transient = True


class LiveResting(LiveError):
    """The node failed again and again and is left alone for a while."""

    code = "LIVE_RESTING"
    http_status = 503
    transient = True


class LiveFailing(LiveError):
    """The node answered that it is failing."""

    code = "LIVE_FAILING"
    transient = True


class LiveRefused(LiveError):
    """The node does not let the hub ask this: token, version of the data standard, or a question it does not know."""

    code = "LIVE_REFUSED"


class LiveUnsafe(LiveError):
    """The node's address, certificate or redirect is not fit for the hub's token, or the hub has no token for it."""

    code = "LIVE_UNSAFE"


class LiveTooLarge(LiveError):
    """The node's answer has more bytes, rows or groups than it was asked for."""

    code = "LIVE_TOO_LARGE"


class LiveValuesTooMany(LiveError):
    """The node has more distinct values of a column than it may send, so they can be neither counted nor halved."""

    code = "LIVE_VALUES_TOO_MANY"


class LiveInvalid(LiveError):
    """The node's answer is not the JSON of the answer to the question."""

    code = "LIVE_INVALID"


class LiveRowsDropped(LiveError):
    """Rows that are not taken: another region's, of wrong types, of another's gauge, out of order (G23, G26)."""

    code = "LIVE_ROWS_DROPPED"


class LiveGroupsTooMany(LumbungError):
    """All nodes together gave more groups, or values of groups, than can be put together."""

    code = "LIVE_GROUPS_TOO_MANY"
    http_status = 400


class LiveDeadlineInvalid(LumbungError):
    """A deadline that is no positive number of seconds."""

    code = "LIVE_DEADLINE_INVALID"
    http_status = 400
