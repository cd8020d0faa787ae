"""What can go wrong in the catalogue; what the machine below refuses is in `core/storage_errors.py`."""

from core.errors import LumbungError


class SnapshotMissing(LumbungError):
    """A committed snapshot's file is not there (D07)."""

    code = "SNAPSHOT_MISSING"
    http_status = 503


class SnapshotDamaged(LumbungError):
    """A committed snapshot's file is not what was committed; it was set aside (D05, D06)."""

    code = "SNAPSHOT_DAMAGED"
    http_status = 503


class DraftInvalid(LumbungError):
    """The rows handed in do not have the contract's columns."""

    code = "DRAFT_INVALID"
    http_status = 422


class DraftKeyNotUnique(LumbungError):
    """Two rows of one delivery have the same key."""

    code = "DRAFT_KEY_NOT_UNIQUE"
    http_status = 422


class CommitConflict(LumbungError):
    """Other writers kept committing the same table while this commit was prepared."""

    code = "COMMIT_CONFLICT"
    http_status = 409
    transient = True


class AsOfUnknown(LumbungError):
    """The commit asked for has not happened yet."""

    code = "AS_OF_UNKNOWN"
    http_status = 422


class DatasetUnknown(LumbungError):
    """No dataset has this id."""

    code = "DATASET_UNKNOWN"
    http_status = 404


class ResourceUnknown(LumbungError):
    """No resource has this id."""

    code = "RESOURCE_UNKNOWN"
    http_status = 404


class ReviewUnknown(LumbungError):
    """No open question has this id."""

    code = "REVIEW_UNKNOWN"
    http_status = 404


class RunAlreadyActive(LumbungError):
    """Another run works on this source at this moment (S23, P08)."""

    code = "RUN_ALREADY_ACTIVE"
    http_status = 409
    transient = True


class RunLeaseLost(LumbungError):
    """This run was declared dead and its source given to another; what it still writes is refused."""

    code = "RUN_LEASE_LOST"
    http_status = 409


class QuestionUnknown(LumbungError):
    """Nothing is asked about this column of this resource."""

    code = "QUESTION_UNKNOWN"
    http_status = 404


class AnswerInvalid(LumbungError):
    """The answer is none of the choices that the question gives."""

    code = "ANSWER_INVALID"
    http_status = 422


class HoldUnknown(LumbungError):
    """Nothing so called is held, its bytes are others by now, or the asker has no say there."""

    code = "HOLD_UNKNOWN"
    http_status = 404


class HoldAmbiguous(LumbungError):
    """Several held deliveries are called so."""

    code = "HOLD_AMBIGUOUS"
    http_status = 409


class HoldStands(LumbungError):
    """A reason of the hold can be set aside by nobody; it has to be mended."""

    code = "HOLD_STANDS"
    http_status = 409


class ReasonMissing(LumbungError):
    """A decision was given without its reason."""

    code = "REASON_MISSING"
    http_status = 422


class ListedUnknown(LumbungError):
    """No line of a data list has this id."""

    code = "LISTED_UNKNOWN"
    http_status = 404
