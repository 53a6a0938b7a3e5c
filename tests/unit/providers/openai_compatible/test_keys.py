from hubbub.providers.openai_compatible.keys import KeyRing


def test_keys_take_turns() -> None:
    ring = KeyRing(("a", "b", "c"))
    assert [ring.pick(0) for _ in range(4)] == ["a", "b", "c", "a"]


def test_a_resting_key_is_left_out_until_it_has_rested() -> None:
    ring = KeyRing(("a", "b"))
    ring.rest("a", until=10)
    assert {ring.pick(5) for _ in range(4)} == {"b"}
    assert {ring.pick(10) for _ in range(4)} == {"a", "b"}


def test_when_all_rest_the_first_to_wake_is_taken() -> None:
    ring = KeyRing(("a", "b"))
    ring.rest("a", until=10)
    ring.rest("b", until=9)
    assert ring.pick(0) == "b"
    assert not ring.awake(0)
    assert ring.awake(9)


def test_no_key_is_a_key_too() -> None:
    assert KeyRing(()).pick(0) == ""
