"""Colours of code, as the theme file that typst reads."""

from __future__ import annotations

from functools import cache

_LIGHT = {
    "comment": "#6e7781",
    "string": "#0a3069",
    "keyword": "#cf222e",
    "number": "#0550ae",
    "function": "#8250df",
    "type": "#953800",
    "tag": "#116329",
    "text": "#24292f",
}
_DARK = {
    "comment": "#8b949e",
    "string": "#a5d6ff",
    "keyword": "#ff7b72",
    "number": "#79c0ff",
    "function": "#d2a8ff",
    "type": "#ffa657",
    "tag": "#7ee787",
    "text": "#dbe4ee",
}
_SCOPES = {
    "comment": "comment, punctuation.definition.comment",
    "string": "string, punctuation.definition.string, constant.other.symbol",
    "keyword": "keyword, storage, keyword.operator.word, variable.language",
    "number": "constant.numeric, constant.language, constant.character, support.constant, meta.property-name,"
    " support.type.property-name",
    "function": "entity.name.function, support.function, variable.function, meta.function-call.generic",
    "type": "entity.name.type, entity.name.class, support.type, support.class, storage.type.class,"
    " entity.other.inherited-class, variable.parameter",
    "tag": "entity.name.tag, markup.inserted, entity.other.attribute-name, markup.heading",
}


@cache
def code_theme(*, dark: bool) -> str:
    """The theme for code on a light or a dark ground."""
    colours = _DARK if dark else _LIGHT
    rules = "".join(_rule(scopes, colours[name]) for name, scopes in _SCOPES.items())
    ground = f"<dict><key>settings</key><dict><key>foreground</key><string>{colours['text']}</string></dict></dict>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>name</key><string>Hubbub</string>'
        f"<key>settings</key><array>{ground}{rules}</array></dict></plist>"
    )


def _rule(scopes: str, colour: str) -> str:
    return (
        f"<dict><key>scope</key><string>{scopes}</string><key>settings</key><dict><key>foreground</key>"
        f"<string>{colour}</string></dict></dict>"
    )
