"""What the Cloud API takes: the rules of bodies and files, as the published reference has them.

"Messages", "Media", "Interactive messages"; what is refused is named.
"""

from __future__ import annotations

from typing import Any

MEGABYTE = 1024 * 1024
TYPES = {"text", "image", "document", "audio", "video", "location", "contacts", "reaction", "template", "interactive"}
FIELDS = {"messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data"}
SHOWN = {
    "image": {"image/jpeg", "image/png"},
    "audio": {"audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg", "audio/opus"},
    "video": {"video/mp4", "video/3gpp"},
}
_OFFICE = "application/vnd.openxmlformats-officedocument"
UPLOADED = {
    *(kind for kinds in SHOWN.values() for kind in kinds),
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    f"{_OFFICE}.wordprocessingml.document",
    f"{_OFFICE}.spreadsheetml.sheet",
    f"{_OFFICE}.presentationml.presentation",
    "text/plain",
    "image/webp",
}
LARGEST = {"image": 5 * MEGABYTE, "audio": 16 * MEGABYTE, "video": 16 * MEGABYTE}


class RefusedError(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def check(body: dict[str, Any], uploads: dict[str, tuple[str, bytes]]) -> None:
    """What a message must be to be taken."""
    kind = body.get("type")
    must(
        kind in TYPES and isinstance(body.get(str(kind)), list if kind == "contacts" else dict),
        f"type {kind} and its object",
    )
    group = body.get("recipient_type") == "group"
    must(("to" in body) != ("recipient" in body), "one of to and recipient")
    must("to" not in body or group or str(body["to"]).isdecimal(), "to is no number")
    unknown = set(body) - FIELDS - {str(kind)}
    must(not unknown, f"unexpected {unknown}")
    must(len(body.get("biz_opaque_callback_data", "")) <= 512, "the length of biz_opaque_callback_data")
    what = body[str(kind)]
    match kind:
        case "text":
            must(set(what) <= {"body", "preview_url"} and isinstance(what["body"], str), "text has a body")
            must(len(what["body"].strip()) > 0 and len(what["body"]) <= 4096, "the body's length")
        case "image" | "document" | "audio" | "video":
            must(("id" in what) != ("link" in what), "one of id and link")
            must("link" in what or what["id"] in uploads, "no such media id")
            must("link" in what or uploads[what["id"]][0] in SHOWN.get(kind, UPLOADED), f"a file that is no {kind}")
            must("voice" not in what or (kind == "audio" and uploads[what["id"]][0] == "audio/ogg"), "no voice message")
            check_size(kind, uploads.get(what.get("id"), ("", b""))[1])
            must(len(what.get("caption", "")) <= 1024, "the caption's length")
            must(kind != "audio" or "caption" not in what, "audio takes no caption")
            must(kind == "document" or "filename" not in what, "only documents have names")
        case "location":
            must(all(isinstance(what.get(name), float) for name in ("latitude", "longitude")), "degrees")
        case "contacts":
            must(what and all(each["name"]["formatted_name"] and len(each["name"]) > 1 for each in what), "two names")
            must(all(phone["phone"] for each in what for phone in each.get("phones", ())), "numbers")
        case "interactive":
            must(not group, "groups take no interactive messages")
            _interactive(what)
        case "template":
            must(set(what) <= {"name", "language", "components"} and what["language"]["code"], "a template's fields")
            texts = [each["text"] for part in what.get("components", ()) for each in part["parameters"]]
            must(all(len(text) <= 1024 for text in texts), "the length of a variable's text")
            must(all(text and "\n" not in text and "    " not in text for text in texts), "a variable's text")


def _interactive(what: dict[str, Any]) -> None:
    """Reply buttons, lists and links ("Interactive messages")."""
    text, action, replies = what["body"]["text"], what["action"], []
    must(text.strip() and len(text) <= (4096 if what["type"] == "list" else 1024), "the body's length")
    match what["type"]:
        case "button":
            replies = [each["reply"] for each in action["buttons"] if each["type"] == "reply"]
            must(1 <= len(replies) == len(action["buttons"]) <= 3, "1 to 3 buttons")
            must(all(0 < len(each["title"]) <= 20 and 0 < len(each["id"]) <= 256 for each in replies), "their length")
            must(len({each["title"] for each in replies}) == len(replies), "titles must be unique")
        case "list":
            must(0 < len(action["button"]) <= 20, "the length of what opens the list")
            rows = [row for section in action["sections"] for row in section["rows"]]
            must(1 <= len(rows) <= 10, "1 to 10 rows")
            must(all(0 < len(each["title"]) <= 24 and 0 < len(each["id"]) <= 200 for each in rows), "their length")
            must(all(len(each.get("description", "")) <= 72 for each in rows), "a description's length")
            replies = rows
        case "cta_url":
            parameters = action["parameters"]
            must(action["name"] == "cta_url" and 0 < len(parameters["display_text"]) <= 20, "display_text")
            must(parameters["url"].startswith("http"), "url")
            return
        case kind:
            must(so=False, message=f"no such interactive message: {kind}")
    must(len({each["id"] for each in replies}) == len(replies), "ids must be unique")


def check_file(kind: str, data: bytes) -> None:
    """What a file must be to be uploaded."""
    must(kind in UPLOADED, f"Param file must be a file with one of the following types: {', '.join(sorted(UPLOADED))}")
    must(len(data) <= 100 * MEGABYTE, "the file's size")


def check_size(kind: str, data: bytes) -> None:
    """What a file must be to be shown as what it is sent as."""
    must(len(data) <= LARGEST.get(kind, 100 * MEGABYTE), f"the size of a file that is sent as {kind}")


def must(so: object, message: str) -> None:
    if not so:
        raise RefusedError(400, 100, f"Invalid parameter: {message}")
