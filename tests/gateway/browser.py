"""A real browser for tests, driven over its debugging socket; nothing is waited for but conditions.

Chromium is looked for on the machine; where it is not there, the test is skipped. It is started with an empty profile
and without anything that calls out, so that what it asks for is what the page asks for.
"""

import asyncio
import base64
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage",
    "--remote-debugging-port=0", "about:blank",
)  # fmt: skip
_PATIENCE = 60  # seconds after which a condition will not hold any more


class Page:
    """One page of the browser.

    Attributes:
        asked: the addresses that it asked for, in order.
        told: what the page or the browser complained of: errors of scripts and of the page's policy.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.asked: list[str] = []
        self.told: list[str] = []

    async def listen(self) -> None:
        """Take what the browser says, until it ends."""
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                self._waiting.pop(said["id"]).set_result(said)
            elif said["method"] == "Network.requestWillBeSent":
                self.asked.append(said["params"]["request"]["url"])
            elif said["method"] == "Network.webSocketCreated":
                self.asked.append(said["params"]["url"])
            elif said["method"] == "Runtime.exceptionThrown":
                self.told.append(str(said["params"]["exceptionDetails"]))
            elif said["method"] == "Log.entryAdded" and said["params"]["entry"]["source"] in ("security", "javascript"):
                self.told.append(said["params"]["entry"]["text"])

    async def call(self, method: str, **given: Any) -> Any:
        """The result of one of the browser's own methods."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": given})
        async with asyncio.timeout(_PATIENCE):
            said = await answer
        assert "error" not in said, said
        return said["result"]

    async def value(self, script: str) -> Any:
        """What an expression is within the page."""
        found = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, script: str) -> Any:
        """Wait until an expression within the page is true, and give it."""
        async with asyncio.timeout(_PATIENCE):
            while not (found := await self.value(script)):
                await asyncio.sleep(0.02)
        return found

    async def open(self, address: str) -> None:
        """Go to an address, until its document is read."""
        await self.call("Page.navigate", url=address)
        await self.until(f"location.href.startsWith({address!r}) && document.readyState === 'complete'")

    async def key(self, key: str, code: int, modifiers: int = 0) -> None:
        """Press a key where the focus is; `modifiers`: 2 for Ctrl, 8 for Shift."""
        written = {"text": "\r"} if key == "Enter" and not modifiers else {}  # without it nothing is pressed by it
        for kind, more in (("keyDown" if written else "rawKeyDown", written), ("keyUp", {})):
            facts = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
            await self.call("Input.dispatchKeyEvent", type=kind, **facts, **more)

    async def screen(self, width: int, height: int = 900, *, media: str = "") -> None:
        """Show the page on a screen so wide; `media` `print` as it prints."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        await self.call("Emulation.setEmulatedMedia", media=media)

    async def picture(self, file: Path) -> None:
        """The page as a PNG, for whoever looks after its looks."""
        file.write_bytes(base64.b64decode((await self.call("Page.captureScreenshot", format="png"))["data"]))


@asynccontextmanager
async def page(profile: Path) -> AsyncIterator[Page]:
    """A page of a browser that ends with it; the test is skipped where no browser is."""
    browser = next(filter(None, map(shutil.which, _NAMES)), None)
    if browser is None:
        pytest.skip("no browser on this machine")
    running = subprocess.Popen(
        [browser, f"--user-data-dir={profile}", *_FLAGS], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        port = (await _there(running, profile / "DevToolsActivePort")).splitlines()[0]
        async with aiohttp.ClientSession() as session:
            targets = await (await session.get(f"http://127.0.0.1:{port}/json")).json()
            address = next(t["webSocketDebuggerUrl"] for t in targets if t["type"] == "page")
            async with session.ws_connect(address, max_msg_size=0) as socket:
                made = Page(socket)
                listening = asyncio.create_task(made.listen())
                for part in ("Page", "Runtime", "Network", "Log"):
                    await made.call(f"{part}.enable")
                yield made
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening
    finally:
        running.terminate()
        await asyncio.to_thread(running.wait)


async def _there(running: subprocess.Popen[bytes], file: Path) -> str:
    """What a file says once it is there."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            assert running.poll() is None, "the browser ended"
            if file.exists() and (said := file.read_text(encoding="utf-8")).count("\n"):
                return said
            await asyncio.sleep(0.02)
