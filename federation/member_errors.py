"""What can be wrong in a member's file or a province's pack, and in asking the registry for what is not there."""

from core.errors import LumbungError


class MemberFileSyntax(LumbungError):
    """A member's file is not TOML."""

    code = "MEMBER_FILE_SYNTAX"
    http_status = 422


class MemberKeyUnknown(LumbungError):
    """A member's file has a key that means nothing there; usually a slip of the pen."""

    code = "MEMBER_KEY_UNKNOWN"
    http_status = 422


class MemberKeyMissing(LumbungError):
    """A member's file lacks a key without which the entry means nothing."""

    code = "MEMBER_KEY_MISSING"
    http_status = 422


class MemberValueInvalid(LumbungError):
    """A key of a member's file has a value that cannot be used."""

    code = "MEMBER_VALUE_INVALID"
    http_status = 422


class MemberDuplicate(LumbungError):
    """Two files describe a member with the same code."""

    code = "MEMBER_DUPLICATE"
    http_status = 409


class MemberRegionUnknown(LumbungError):
    """A member claims a region code that no region has or had."""

    code = "MEMBER_REGION_UNKNOWN"
    http_status = 422


class MemberIncomplete(LumbungError):
    """A member is to be added whose code names no region, and its name, kind or regions are not said."""

    code = "MEMBER_INCOMPLETE"
    http_status = 422


class MemberUnknown(LumbungError):
    """No member has this code."""

    code = "MEMBER_UNKNOWN"
    http_status = 404


class SourceDuplicate(LumbungError):
    """Two sources have the same id."""

    code = "SOURCE_DUPLICATE"
    http_status = 409


class SourceUnknown(LumbungError):
    """No source has this id."""

    code = "SOURCE_UNKNOWN"
    http_status = 404


class SourceUrlRefused(LumbungError):
    """A source's address carries credentials, is not http(s), or names no host (S19); `url` is shown without them."""

    code = "SOURCE_URL_REFUSED"
    http_status = 422


class MappingPatternInvalid(LumbungError):
    """A pattern of a mapping is not a regular expression."""

    code = "MAPPING_PATTERN_INVALID"
    http_status = 422


class MappingAmbiguous(LumbungError):
    """Two different mappings of a source both want the same dataset."""

    code = "MAPPING_AMBIGUOUS"
    http_status = 409


class HomeExists(LumbungError):
    """A home is already there; making one never overwrites."""

    code = "HOME_EXISTS"
    http_status = 409


class HomeNotEmpty(LumbungError):
    """The folder for a new home holds other files."""

    code = "HOME_NOT_EMPTY"
    http_status = 409


class PackUnknown(LumbungError):
    """No pack for this province is at hand."""

    code = "PACK_UNKNOWN"
    http_status = 404


class PackInvalid(LumbungError):
    """A pack's own file cannot be used."""

    code = "PACK_INVALID"
    http_status = 422
