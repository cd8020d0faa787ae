"""What can be wrong in the files of regions and other reference codes."""

from core.errors import LumbungError


class RegionUnknown(LumbungError):
    """No region has or had this code."""

    code = "REGION_UNKNOWN"
    http_status = 404


class RegionsFileInvalid(LumbungError):
    """A regions file has a row that cannot be used."""

    code = "REGIONS_FILE_INVALID"
    http_status = 422


class ReferenceFileInvalid(LumbungError):
    """A reference file has a row that cannot be used."""

    code = "REFERENCE_FILE_INVALID"
    http_status = 422
