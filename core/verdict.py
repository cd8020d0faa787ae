"""What the gate decided about one delivery of one resource."""

from enum import StrEnum


class Verdict(StrEnum):
    """What became of a delivery.

    Published, published with warnings, held (the last good snapshot stays), not mapped to a contract yet; or it
    never came to a check: a document for people (*tidak terbaca mesin*), or a file that could not be read.
    """

    PUBLISHED = "published"
    WARNED = "published_with_warnings"
    HELD = "held"
    UNMAPPED = "unmapped"
    DOCUMENT = "not_machine_readable"
    UNREADABLE = "unreadable"
