"""Pictures over the image endpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hubbub.core.errors import MediaError, ProviderError
from hubbub.core.messages import Blob
from hubbub.providers.openai_compatible.pictures import PictureEndpoints, PictureRules
from tests.fakes.painter import KEY, PICTURE, PainterService, painter_service
from tests.fakes.platform_host import MemoryFiles


@pytest.fixture
def service() -> PainterService:
    return PainterService()


@pytest.fixture
async def base(service: PainterService) -> AsyncIterator[str]:
    async with painter_service(service) as address:
        yield address


def painter(base: str, model: str = "dall-e-2", key: str = KEY, files: MemoryFiles | None = None) -> PictureEndpoints:
    return PictureEndpoints(PictureRules(base, model, key, "512x512", 5.0), (files or MemoryFiles()).fetch)


@pytest.mark.parametrize("model", ["dall-e-2", "gpt-image-1"])
async def test_a_picture_is_painted(base: str, service: PainterService, model: str) -> None:
    assert await painter(base, model).paint("一只黑色的猫") == Blob(PICTURE, "image/png", "picture.png")
    (wish,) = service.wishes
    assert (wish["prompt"], wish["size"], wish["n"]) == ("一只黑色的猫", "512x512", 1)


@pytest.mark.parametrize("model", ["dall-e-2", "gpt-image-1"])
async def test_a_picture_is_changed(base: str, service: PainterService, model: str) -> None:
    assert (await painter(base, model).repaint("make it blue", Blob(PICTURE, "image/png"))).data == PICTURE
    assert service.wishes[0]["image"] == PICTURE


async def test_a_picture_that_is_elsewhere_is_fetched_by_the_guarded_way(base: str, service: PainterService) -> None:
    files = MemoryFiles()
    service.as_url = "https://pictures.example/1.png"
    files.pages[service.as_url] = Blob(PICTURE)
    assert (await painter(base, files=files).paint("x")).data == PICTURE
    service.as_url = "http://169.254.169.254/latest"
    with pytest.raises(MediaError):
        await painter(base, files=files).paint("x")
    service.as_url = "file:///etc/passwd"
    with pytest.raises(ProviderError):
        await painter(base, files=files).paint("x")


@pytest.mark.parametrize("data", [b"", b"<html>", b"GIF89a"])
async def test_what_is_no_picture_is_refused(base: str, service: PainterService, data: bytes) -> None:
    service.data = data
    with pytest.raises(ProviderError):
        await painter(base).paint("x")


async def test_refusals_are_told(base: str, service: PainterService) -> None:
    service.status = 400
    with pytest.raises(ProviderError) as caught:
        await painter(base).paint("x")
    assert caught.value.user_text
    assert caught.value.user_text.key == "error.model_refused"
    with pytest.raises(ProviderError) as caught:
        await painter(base, key="sk-very-secret-key").paint("x")
    assert "sk-very-secret-key" not in str(caught.value)
    with pytest.raises(ProviderError):
        await painter("http://127.0.0.1:9/v1").paint("x")
