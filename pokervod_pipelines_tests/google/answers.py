"""Make the refusals of Google, word for word and in the shape of each of its services."""

from dataclasses import dataclass, field
from typing import Any

from pokervod_pipelines_tests.google.grid import Grid
from pokervod_pipelines_tests.google.ranges import Area, quote_title, write_area

PROTECTED = (
    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove protection if "
    "you need to edit."
)
TOO_LONG = "Your input contains more than the maximum of 50000 characters in a single cell."
NOT_A_SHEET = "This operation is not supported for this document"
"""What Sheets says of an Excel file in Drive, with the status FAILED_PRECONDITION."""

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
}

HTML = (
    "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error {code} (Server Error)!!1</title>\n"
    "  <p><b>{code}.</b> <ins>That’s an error.</ins>\n"
    "  <p>The server encountered a temporary error and could not complete your request."
    "<p>Please try again in 30 seconds.  <ins>That’s all we know.</ins>\n"
)

CONSUMER = "912873465012"
"""The number of the emulated cloud project."""


@dataclass(slots=True)
class Refused(Exception):
    """Answer the request with this refusal."""

    code: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


def refuse(code: int, message: str, *, details: list[dict[str, Any]] | None = None, drive: bool = False) -> Refused:
    """Return a refusal in the words of Sheets, or with Drive's list of errors."""
    error: dict[str, Any] = {"code": code, "message": message}
    if drive:
        reasons = {401: "authError", 404: "notFound", 400: "invalid", 429: "rateLimitExceeded", 403: "forbidden"}
        error["errors"] = [{"message": message, "domain": "global", "reason": reasons.get(code, "backendError")}]
    if not drive or code == 401:
        error["status"] = STATUS[code]
    if details:
        error["details"] = details
    return Refused(code, {"error": error})


def describe_excess(grid: Grid, area: Area) -> str:
    """Return the words for a range that does not lie in the grid."""
    place = f"{quote_title(grid.title)}!{write_area(area)}"
    return f"Range ({place}) exceeds grid limits. Max rows: {grid.rows}, max columns: {grid.columns}"


def refuse_office_file() -> Refused:
    """Return the refusal of a file that is not in the format of Sheets."""
    refusal = refuse(400, NOT_A_SHEET)
    refusal.body["error"]["status"] = "FAILED_PRECONDITION"
    return refusal


def refuse_grant(error: str, description: str) -> Refused:
    """Return a refusal of the token endpoint."""
    return Refused(400, {"error": error, "error_description": description})


def refuse_quota(metric: str) -> Refused:
    """Return the refusal of a Sheets call too many; metric is ``Read`` or ``Write``."""
    message = (
        f"Quota exceeded for quota metric '{metric} requests' and limit '{metric} requests per minute per user' "
        f"of service 'sheets.googleapis.com' for consumer 'project_number:{CONSUMER}'."
    )
    information = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {
            "quota_metric": f"sheets.googleapis.com/{metric.lower()}_requests",
            "quota_limit": f"{metric}RequestsPerMinutePerUser",
            "consumer": f"projects/{CONSUMER}",
            "service": "sheets.googleapis.com",
        },
    }
    return refuse(429, message, details=[information])


def refuse_drive_quota() -> Refused:
    """Return the refusal of a Drive call too many, which is a 403."""
    message = (
        "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' "
        f"of service 'drive.googleapis.com' for consumer 'project_number:{CONSUMER}'."
    )
    errors = [{"message": message, "domain": "usageLimits", "reason": "rateLimitExceeded"}]
    return Refused(403, {"error": {"code": 403, "message": message, "errors": errors, "status": "PERMISSION_DENIED"}})


def refuse_token(*, drive: bool) -> Refused:
    """Return the refusal of a token that is missing, dead or unknown."""
    if drive:
        return refuse(401, "Invalid Credentials", drive=True)
    return refuse(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    )


def refuse_file(file_id: str) -> Refused:
    """Return Drive's refusal of a file that is not there for the caller."""
    refusal = refuse(404, f"File not found: {file_id}.", drive=True)
    refusal.body["error"]["errors"][0] |= {"location": "fileId", "locationType": "parameter"}
    return refusal
