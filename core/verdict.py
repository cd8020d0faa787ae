"""What the gate decided about one delivery of one resource."""

from enum import StrEnum


class Verdict(StrEnum):
    """Published, published with warnings, held (the last good snapshot stays), or not mapped to a contract yet."""

    PUBLISHED = "published"
    WARNED = "published_with_warnings"
    HELD = "held"
    UNMAPPED = "unmapped"
