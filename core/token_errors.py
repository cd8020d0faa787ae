"""Why a token is refused."""

from core.errors import LumbungError


class TokenInvalid(LumbungError):
    """The token is unknown, expired or revoked; which of them it is stays untold."""

    code = "TOKEN_INVALID"
    http_status = 401


class TokenUnknown(LumbungError):
    """No token has this id."""

    code = "TOKEN_UNKNOWN"
    http_status = 404
