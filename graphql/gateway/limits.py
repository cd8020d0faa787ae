"""How large a document and a request may be. Page sizes are refused where rows are asked for."""

from typing import Final

from core.operations.limits import Limits

MAX_BODY: Final = 256 * 1024
LIMITS: Final = Limits(tokens=4_000, depth=15, fields=500, aliases=30, directives=20, roots=20)
