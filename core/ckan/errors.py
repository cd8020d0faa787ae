"""What CKAN's API answers instead of a result, with the types that ckanapi and harvesters decide by."""

from typing import Any, ClassVar

from core.errors import LumbungError


class ActionRefused(LumbungError):
    """An action that CKAN's API answers with an error; `type` is what ckanapi and harvesters decide by."""

    http_status = 400
    type: ClassVar[str] = "Internal Server Error"

    def error(self) -> dict[str, Any]:
        """The `error` object of the envelope."""
        return {"__type": self.type, "message": f"{self.what()} {self.fix()}"}


class NotFound(ActionRefused):
    """What was asked for is not here, or is not for the one who asks: both answer alike."""

    code = "CKAN_NOT_FOUND"
    http_status = 404
    type = "Not Found Error"


class NotAuthorised(ActionRefused):
    """A reading door was asked to write."""

    code = "CKAN_NOT_AUTHORISED"
    http_status = 403
    type = "Authorization Error"


class Invalid(ActionRefused):
    """A parameter has a value that the action cannot use; `field` names it."""

    code = "CKAN_INVALID"
    http_status = 409
    type = "Validation Error"

    def error(self) -> dict[str, Any]:
        """CKAN's form: the parameter's name with a list of sentences."""
        return {str(self.values["field"]): [f"{self.what()} {self.fix()}"], "__type": self.type}


class SearchBroken(ActionRefused):
    """A filter or query text cannot be understood (CKAN hands on Solr's refusal with this type)."""

    code = "CKAN_SEARCH"
    http_status = 409
    type = "Search Error"


class QueryInvalid(ActionRefused):
    """A search parameter is unknown, or an ordering is not one."""

    code = "CKAN_QUERY"
    http_status = 400
    type = "Search Query Error"


class BadRequest(ActionRefused):
    """The request is no action call at all; CKAN answers a bare JSON string, without an envelope."""

    code = "CKAN_BAD_REQUEST"
    http_status = 400


class ActionUnknown(BadRequest):
    """No action has that name."""

    code = "CKAN_ACTION_UNKNOWN"
