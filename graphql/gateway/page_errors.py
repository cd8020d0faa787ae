"""What a page of rows can be refused for by the graph, beside `core/rows_errors.py`."""

from core.errors import LumbungError


class PageAmbiguous(LumbungError):
    """Both `first` and `last` were given: two different pages."""

    code = "PAGE_AMBIGUOUS"
    http_status = 400
