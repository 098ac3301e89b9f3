"""Make the README's picture of the page: `python -m tests.app.screenshot`."""

from __future__ import annotations

import io

from PIL import Image

from siamese_drc.app.page import served
from tests.app.browser import Visit, chromium
from tests.pipeline.working_copy import PROJECT

PICTURE = PROJECT / "docs" / "match-page.png"
_COLOURS = 64  # enough for the page, and a third of the bytes


def main() -> None:
    with chromium() as browser, served() as blocks:
        page = Visit(browser, str(blocks.local_url), width=1000).page
        page.locator("#examples").get_by_text("the same drums").click()
        page.locator("#waves img").wait_for()
        page.wait_for_timeout(2000)  # until the progress display has faded
        image = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    image.convert("RGB").quantize(_COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
