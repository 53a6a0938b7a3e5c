"""`hubbub run` imports what it needs, so that it listens soon."""

import subprocess
import sys
from pathlib import Path

HEAVY = ("aiohttp", "alembic", "argon2", "fastapi", "prometheus_client", "rich", "sqlalchemy", "typer", "xllamacpp")


def loaded(folder: Path, code: str) -> set[str]:
    report = f"import sys; print(set(sys.modules) & set({HEAVY!r}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], cwd=folder, capture_output=True, text=True, timeout=30, check=True
    )
    return {name for name in HEAVY if f"'{name}'" in done.stdout}


def test_the_way_to_the_hub_is_light(tmp_path: Path) -> None:
    run = "import sys; sys.argv = ['hubbub', 'run', '--port', 'wrong']\nfrom hubbub.cli import main\n"
    assert loaded(tmp_path, f"{run}try: main()\nexcept SystemExit: pass") == set()


def test_the_hub_itself_is_light_until_it_is_asked(tmp_path: Path) -> None:
    assert loaded(tmp_path, "import hubbub.cli.serve, hubbub.app, hubbub.app.hub") == set()


def test_commands_do_without_pretty_printing(tmp_path: Path) -> None:
    assert loaded(tmp_path, "import hubbub.cli.commands") <= {"typer"}


def test_an_interrupt_while_modules_are_loaded_shows_no_trace(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['hubbub', 'run']\n"
        "from hubbub.cli import main\n"
        "class Ctrl:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'hubbub.settings': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Ctrl())\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (130, "")
