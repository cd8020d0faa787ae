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


class SignatureInvalid(LumbungError):
    """A signed request's key is unknown, expired or revoked, or its signature wrong; which it is stays untold."""

    code = "SIGNATURE_INVALID"
    http_status = 401


class MomentApart(LumbungError):
    """A signed request was made too long ago, or the clocks of sender and hub lie too far apart."""

    code = "SIGNATURE_MOMENT"
    http_status = 401
