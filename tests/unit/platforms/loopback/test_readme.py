"""What the README shows is so."""

import re
from pathlib import Path

from hubbub.core.events import Received
from hubbub.platforms.loopback import adapter as adapter_module
from hubbub.platforms.loopback.convert import read_event
from hubbub.platforms.loopback.settings import Fault
from hubbub.platforms.loopback.wire import decode

FOLDER = Path(adapter_module.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_its_example_is_an_event() -> None:
    (example,) = re.findall(r"```json\n(.*)\n```", README)
    assert isinstance(read_event(decode(example.encode()), "loop"), Received)


def test_its_fault_is_one() -> None:
    (example,) = re.findall(r'`(\{"at".*?\})`', README)
    assert Fault.model_validate_json(example).kind == "refused"


def test_every_file_is_listed() -> None:
    files = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}
    assert files <= set(re.findall(r"`([^`\n]+)`", README))
