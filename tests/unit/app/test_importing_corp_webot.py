"""A database as corp-webot leaves it becomes users, prompts and kept conversations."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hubbub.app.importing_corp_webot import Imported, import_corp_webot, read_corp_webot
from hubbub.conversations import prompts
from hubbub.conversations.shelf import turns_of
from hubbub.core.errors import StoreError
from hubbub.settings import load
from hubbub.storage.sqlite.store import SqliteStore

WHEN = 1_681_200_000_000  # milliseconds
CONTEXT = {
    "Key": "gpt_chat/zhangsan/context",
    "Context": [
        {"role": "user", "content": "你是一个资深的程序员"},
        {"role": "user", "content": "什么是队列？"},
        {"role": "assistant", "content": "先进先出的结构。"},
    ],
}


def database(folder: Path, table: str = "user") -> Path:
    file = folder / "data.db"
    with closing(sqlite3.connect(file)) as made:
        # The tables as its README has them.
        made.executescript(
            f"""
            create table if not exists "{table}" (id INTEGER primary key autoincrement, name CHAR(50) not null,
                sys_prompt CHAR(512), update_time BIGINT);
            create table if not exists "context" (id INTEGER primary key autoincrement, name CHAR(50) not null,
                context_msg CHAR(512), update_time BIGINT);
            """
        )
        people = [("zhangsan", " 你是一个资深的程序员", WHEN), ("lisi", "", WHEN), ("wangwu", None, None)]
        made.executemany(f'insert into "{table}" (name, sys_prompt, update_time) values (?, ?, ?)', people)  # noqa: S608 - ours
        kept: list[tuple[str, Any, Any]] = [
            ("zhangsan", json.dumps(CONTEXT, ensure_ascii=False), WHEN),
            ("zhangsan", json.dumps(CONTEXT, ensure_ascii=False), WHEN + 60_000),
            ("lisi", '{"Key":"gpt_chat/lisi/context","Context":null}', WHEN),
            ("lisi", "{cut off", WHEN),
            ("zhaoliu", '{"key":"k","context":[{"Role":"user","Content":"hi"},5,{"role":null}]}', None),
        ]
        made.executemany("insert into context (name, context_msg, update_time) values (?, ?, ?)", kept)
        made.commit()
    return file


async def imported(folder: Path, file: Path, times: int = 1) -> tuple[list[Imported], SqliteStore]:
    settings = load(environ={"HUBBUB_DATA_DIR": str(folder / "hub")}, folder=folder)
    old = read_corp_webot(file)
    store = SqliteStore(folder / "hub")
    await store.open()
    return [await import_corp_webot(settings, store, old) for _ in range(times)], store


@pytest.mark.parametrize("table", ["user", "users"])
async def test_everything_is_taken(tmp_path: Path, table: str) -> None:
    (done,), store = await imported(tmp_path, database(tmp_path, table))
    assert done == Imported(users=4, prompts=1, contexts=3, known=0, broken=1)
    kept = store.conversations
    assert await prompts.read(kept, "wecom:private:zhangsan") == " 你是一个资深的程序员"
    assert await prompts.read(kept, "wecom:private:lisi") == ""
    found = await kept.branches("wecom:private:zhangsan", "context")
    assert sorted(branch.name for branch in found) == [
        "2023-04-11-080000-corp-webot-1",
        "2023-04-11-080100-corp-webot-2",
    ]
    branch = await kept.branch("wecom:private:zhangsan", "context", "2023-04-11-080000-corp-webot-1")
    assert [(turn.role, turn.content, turn.time) for turn in turns_of(branch)] == [
        ("system", "你是一个资深的程序员", WHEN / 1000),
        ("user", "什么是队列？", WHEN / 1000),
        ("assistant", "先进先出的结构。", WHEN / 1000),
    ]
    assert not (await kept.branch("wecom:private:zhangsan", "context")).head
    people = {spent.owner: spent.room for spent in await store.usage.spenders()}
    assert people["wecom:private:wangwu"] == "wecom/0/private/wangwu"
    assert len(people) == 4
    await store.close()


async def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    (_, again), store = await imported(tmp_path, database(tmp_path), times=2)
    assert again == Imported(users=4, prompts=0, contexts=0, known=3, broken=1)
    assert len(await store.conversations.branches("wecom:private:zhangsan", "context")) == 2
    await store.close()


@pytest.mark.parametrize(
    "content", [None, b"", b"no database at all, really not one", b"SQLite format 3\0" + bytes(100)]
)
def test_what_is_no_such_file_is_told(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "data.db"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StoreError, match=r"data\.db"):
        read_corp_webot(file)


def test_the_command(tmp_path: Path) -> None:
    file = database(tmp_path)
    before = file.read_bytes()
    command = [sys.executable, "-m", "hubbub", "import", "corp-webot", "--db", "data.db", "--data-dir", "hub"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=True)
    assert done.stdout == (
        "4 users, 1 prompts, 3 conversations taken over\n1 conversations cannot be read and were left out\n"
    )
    assert file.read_bytes() == before
    missing = subprocess.run(
        [*command[:5], "--db", "none.db"], cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False
    )
    assert missing.returncode == 4
    assert "there is no file none.db" in missing.stderr
    assert not (tmp_path / "data").exists()
