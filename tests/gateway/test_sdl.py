"""The checked-in SDL is what the code and the shipped data standards say."""

from gateway import sdl


def test_the_checked_in_sdl_is_current() -> None:
    assert sdl.FILE.read_text(encoding="utf-8") == sdl.sdl(), "write it anew: python -m gateway.sdl"
