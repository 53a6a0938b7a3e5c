"""Personas over the API: taken over, listed, removed; for admins only."""

from __future__ import annotations

from typing import Any

from tests.fakes.doors import Doors, MemoryHub, doors


async def ask(at: Doors, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
    url = f"{at.url}/api/v1/personas{path}"
    async with at.client.request(method, url, json=body, headers=await at.admin()) as answer:
        return answer.status, await answer.json() if answer.status != 204 else None


async def test_a_list_is_taken_over() -> None:
    async with doors(MemoryHub()) as at:
        acts = [{"act": "poet", "prompt": "Rhyme."}, {"act": "poet", "prompt": "Do not."}, {"act": " ", "prompt": "x"}]
        told = {"new": 2, "known": 0, "renamed": ["poet-2"], "left": ["3"], "full": False}
        assert await ask(at, "POST", body={"acts": acts}) == (200, told)
        assert (await ask(at, "POST", body={"acts": acts}))[1]["known"] == 2
        found = (await ask(at, "GET"))[1]["personas"]
        assert found == [{"name": "poet", "text": "Rhyme."}, {"name": "poet-2", "text": "Do not."}]
        assert await ask(at, "DELETE", "/poet") == (204, None)
        assert (await ask(at, "DELETE", "/poet"))[0] == 404
        assert [each["name"] for each in (await ask(at, "GET"))[1]["personas"]] == ["poet-2"]
        assert (await ask(at, "POST", body={"acts": [{"act": "a"}]}))[0] == 422
        assert (await ask(at, "POST", body={"acts": [{"act": "a", "prompt": "b"}] * 2001}))[0] == 422
        async with at.client.get(f"{at.url}/api/v1/personas", headers=await at.token("messages")) as answer:
            assert answer.status == 403
