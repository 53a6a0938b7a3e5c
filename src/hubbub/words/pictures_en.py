"""English sentences of pictures, documents and exports. See `hubbub.words.en`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.render.help": "sends answers as pictures: on, off, or auto (tables, formulas, code, long ones)",
        "command.render.always": "Answers come as pictures.",
        "command.render.never": "Answers come as text.",
        "command.render.auto": "Answers with tables, formulas or code, and long ones, come as pictures.",
        "command.render.reset": "Whether answers come as pictures is left to this room again.",
        "command.render.how": "To change it: {command} on, {command} off, {command} auto or {command} reset",
        "command.render.no_images": "This room cannot show pictures, so answers stay text here.",
        "command.style.help": "shows or chooses the style of pictures",
        "command.style.now": "Pictures have the style {name}.",
        "command.style.all": "There are: {names}. Choose one: {command} {name}",
        "command.style.unknown": "There is no style {name}. There are: {names}.",
        "command.style.reset": "Pictures have the usual style again.",
        "waiting.working": "Working on it …",
        "waiting.seconds": "({seconds} s)",
        "command.export.reading": "Reading conversation {number} of {of} …",
        "command.export.making": "Making a {format} of {turns} messages …",
        "command.export.no_files": "This room takes no files, and a {format} cannot be written as text. Ask for md.",
        "command.export.link": "Here it is, for {hours} hours: {url}",
        "command.export.failed": "The document could not be made. As md it goes at any length.",
        "command.export.bad_range": "Please give the turns as two numbers, such as 3-10.",
        "export.title": "Conversations",
    }
)
