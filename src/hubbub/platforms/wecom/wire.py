"""What WeCom sends, taken apart: the XML of callbacks, the answers of the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import ParseError

import orjson
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

Fields = Mapping[str, str]

_SEALED = re.compile(rb"<Encrypt>\s*(?:<!\[CDATA\[)?\s*([A-Za-z0-9+/=\s]+?)\s*(?:\]\]>)?\s*</Encrypt>")
_SPACE = re.compile(r"\s+")
_LONGEST_ERROR = 200


class BadCallback(Exception):
    """What was sealed is no event."""


class NoXml(BadCallback):
    """What was sealed is nothing that WeCom seals."""


class BadAnswer(Exception):
    """The API's answer is none."""


def sealed_in(body: bytes) -> str:
    """The sealed part of a callback's body, without parsing what nobody has vouched for yet; "" if there is none."""
    found = _SEALED.search(body)
    return _SPACE.sub("", found[1].decode("ascii")) if found else ""


def fields_of(plain: bytes) -> Fields:
    """The fields of an opened callback, by name; those inside others are left out.

    Raises:
        NoXml: it is no XML, or has a document type or entities.
    """
    try:
        root = fromstring(plain, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        message = f"not XML: {error}"
        raise NoXml(message) from error
    return {child.tag: child.text or "" for child in root if isinstance(child.tag, str)}


def answer_of(body: bytes) -> dict[str, Any]:
    """The API's answer. Raises BadAnswer."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        message = "the answer is no JSON"
        raise BadAnswer(message) from error
    if not isinstance(answer, dict):
        message = "the answer is no JSON object"
        raise BadAnswer(message)
    return answer


def code_of(answer: Mapping[str, Any]) -> int:
    """``errcode``; 0 is well, and so is none. -1 stands for what cannot be read, as for WeCom's "busy"."""
    code = answer.get("errcode", 0)
    return code if isinstance(code, int) else -1


def complaint_of(answer: Mapping[str, Any]) -> str:
    """``errcode`` and ``errmsg`` in one line; the platform's hints behind the comma are kept, they help."""
    return f"{code_of(answer)} {answer.get('errmsg', '')}"[:_LONGEST_ERROR]
