"""The page served, and a headless Chromium that looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")

_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """The page in a tab of its own, which hosts it spoke to, and what went wrong in it."""

    def __init__(self, browser: Browser, address: str, *, width: int = 1280) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900})
        self.page.set_default_timeout(120_000)  # for a machine that does other work too
        self.hosts: set[str | None] = set()
        self.errors: list[str] = []
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)
        self.page.get_by_text("Or try").wait_for()

    def _note(self, request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob"):
            self.hosts.add(url.hostname)

    def upload(self, name: str, path: Path) -> None:
        self.page.locator(f"#{name} input[type=file]").set_input_files(path)

    def turn(self, knob: str, value: float) -> None:
        number = self.page.locator(f"#{knob} input[type=number]")
        number.fill(f"{value:g}")
        number.press("Tab")

    def knob(self, name: str) -> float:
        return float(self.page.locator(f"#{name} input[type=number]").input_value())

    def curve(self, says: str) -> str:
        """Wait until the static curve's description says so; return the picture."""
        picture = self.page.locator(f'#curve img[alt*="{says}"]')
        picture.wait_for()
        return picture.get_attribute("src") or ""

    def download(self, button: str, folder: Path) -> Path:
        with self.page.expect_download() as started:
            self.page.locator(f"#{button}").click()
        path = folder / started.value.suggested_filename
        started.value.save_as(path)
        return path
