"""``/docs``: the OpenAPI document as one plain page, without scripts, so that it works without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

STYLE = (
    "body{font:15px/1.55 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8cf}pre{background:#222!important}}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.93em}pre{background:#f4f4f4;padding:.7rem;overflow:auto}"
    "h2{margin:2rem 0 .3rem;font-size:1.1rem}table{border-collapse:collapse}"
    "td{padding:.1rem 1rem .1rem 0;vertical-align:top}"
)


def docs_page(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document."""
    info = document["info"]
    parts = [
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1>",
        f"<p>{_inline(info.get('description', ''))}</p>",
        '<p>For programs: <a href="/openapi.json">/openapi.json</a></p>',
    ]
    for path, methods in document["paths"].items():
        parts += [_operation(path, method, operation) for method, operation in methods.items()]
    parts.append("<h1>Bodies</h1>")
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        parts.append(f'<h2 id="{escape(name)}">{escape(name)}</h2>{_schema(schema)}')
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Hubbub API</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(each['name'])}</code> ({escape(each['in'])})</td>"
        f"<td>{_inline(each.get('description', ''))}</td></tr>"
        for each in operation.get("parameters", ())
    ]
    rows += [
        f"<tr><td>body</td><td>{_type(content.get('schema', {}))}</td></tr>"
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    for status, answer in operation.get("responses", {}).items():
        types = {_type(content.get("schema", {})) for content in answer.get("content", {}).values()}
        rows.append(f"<tr><td>{status}</td><td>{escape(answer['description'])} {' or '.join(sorted(types))}</td></tr>")
    return (
        f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{_inline(operation.get('description') or operation.get('summary', ''))}</p><table>{''.join(rows)}</table>"
    )


def _schema(schema: Mapping[str, Any]) -> str:
    needed = schema.get("required", ())
    rows = [
        f"<tr><td><code>{escape(name)}</code>{' *' if name in needed else ''}</td><td>{_type(each)}</td>"
        f"<td>{_inline(each.get('description', ''))}</td></tr>"
        for name, each in schema.get("properties", {}).items()
    ]
    return f"<p>{_inline(schema.get('description', ''))}</p><table>{''.join(rows)}</table>"


def _type(schema: Mapping[str, Any]) -> str:
    """A type in one line; types with a name are links to it."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " | ".join(_type(each) for each in schema[several])
    if schema.get("type") == "array":
        return f"list of ({_type(schema.get('items', {}))})"
    if "const" in schema:
        return f"<code>{escape(json.dumps(schema['const']))}</code>"
    if "enum" in schema:
        return " | ".join(f"<code>{escape(json.dumps(each))}</code>" for each in schema["enum"])
    return escape(str(schema.get("type", "anything")))


def _inline(text: str) -> str:
    """Escaped, with `code` and paragraphs."""
    parts = escape(text).split("`")
    marked = "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
    return marked.replace("\n\n", "</p><p>")
