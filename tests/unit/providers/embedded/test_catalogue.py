import pytest

from hubbub.core.errors import ConfigError
from hubbub.providers.embedded.catalogue import CATALOGUE, pullable


def test_models_are_pulled_by_name() -> None:
    assert pullable("Qwen2.5-0.5B") is CATALOGUE[0]


def test_any_file_of_the_hub_can_be_named() -> None:
    found = pullable("someone/Some-Model-GGUF/some-model-Q4_K_M.gguf")
    assert (found.repository, found.file, found.name) == (
        "someone/Some-Model-GGUF",
        "some-model-Q4_K_M.gguf",
        "some-model-q4_k_m",
    )


@pytest.mark.parametrize("name", ["", "gpt-4", "a/b.gguf", "a/../x.gguf", "../b/x.gguf", "a/b/c/d.gguf", "a/b/x.bin"])
def test_what_is_neither_is_refused_with_the_names(name: str) -> None:
    with pytest.raises(ConfigError, match=r"qwen2\.5-0\.5b"):
        pullable(name)


def test_every_file_is_a_plain_name() -> None:
    assert all("/" not in known.file and known.file.endswith(".gguf") for known in CATALOGUE)
