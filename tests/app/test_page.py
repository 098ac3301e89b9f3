"""The web page in a real browser."""

from __future__ import annotations

import json
import os
import sys
import time
import zipfile
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile

from siamese_drc.export.files import FILES
from siamese_drc.match.answer import NO_ANSWER, Answer
from tests.app.browser import CHROMIUM, Visit, chromium
from tests.app.made_up_files import RATE, write_sound
from tests.match.made_up_answers import FOUND, Asked

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"needs Debian's chromium, there is no {CHROMIUM}"
)

VALUES = {"knee_db": 0.0, **{name: setting.value for name, setting in FOUND.items()}}


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def blocks():
    from siamese_drc.app.page import served

    with served() as blocks:
        yield blocks


@pytest.fixture
def visit(browser, blocks):
    visit = Visit(browser, blocks.local_url)
    yield visit
    visit.page.close()
    assert visit.hosts == {"127.0.0.1"}
    assert visit.errors == []


def processed(path: Path, settings: dict[str, float]) -> np.ndarray:
    from siamese_drc.app.output import Applied, render
    from siamese_drc.audio import open_sound

    output = path.with_name("by-library.wav")
    render(open_sound(path), Applied(settings), output)
    return soundfile.read(output, dtype="float32")[0]


def upload_pair(visit: Visit, folder: Path, *, channels: int = 1) -> Path:
    loop = write_sound(folder / "my <loop>.wav", seconds=1.5, channels=channels)
    visit.upload("loop", loop)
    visit.page.locator("#loop").get_by_text("my").first.wait_for()
    visit.upload("reference", write_sound(folder / "reference.wav", gain=0.5))
    visit.curve("ratio 4.00")
    return loop


def test_uploads_are_matched_and_the_results_are_the_librarys(visit, tmp_path, asked: Asked):
    loop = upload_pair(visit, tmp_path, channels=2)
    assert {name: visit.knob(name) for name in VALUES} == VALUES
    assert "another recording" in visit.page.locator("#verdict").inner_text()
    assert "release: one hit only" in visit.page.locator("#verdict").inner_text()

    audio, rate = soundfile.read(visit.download("audio", tmp_path), dtype="float32")
    assert (rate, soundfile.info(tmp_path / "my loop-matched.wav").subtype) == (RATE, "PCM_24")
    np.testing.assert_array_equal(audio, processed(loop, VALUES))

    document = json.loads(visit.download("answer", tmp_path).read_text())
    assert document["applied"] == VALUES
    for key in ("situation", "settings", "warnings"):
        assert document[key] == asked.answer.as_json()[key]


def test_an_example_is_matched(visit, asked: Asked):
    visit.page.locator("#examples").get_by_text("other drums").click()
    visit.curve("ratio 4.00")
    assert "other-drums-compressed" in visit.page.locator("#reference").inner_text()


def test_a_knob_moves_curve_pictures_and_result(visit, tmp_path, asked: Asked):
    loop = upload_pair(visit, tmp_path)
    curve = visit.curve("ratio 4.00")
    waves = visit.page.locator("#waves img").get_attribute("src")
    visit.turn("ratio", 8)
    assert visit.curve("ratio 8.00") != curve
    assert visit.page.locator("#waves img").get_attribute("src") != waves
    audio, _ = soundfile.read(visit.download("audio", tmp_path), dtype="float32")
    np.testing.assert_array_equal(audio, processed(loop, {**VALUES, "ratio": 8.0}))
    document = json.loads(visit.download("answer", tmp_path).read_text())
    assert document["settings"]["ratio"]["value"] == 4.0
    assert document["applied"] == {**VALUES, "ratio": 8.0}

    visit.turn("attack_ms", 5000)  # typed, beyond the end of the slider
    slider = visit.page.locator("#attack_ms_position input[type=range]")
    visit.page.wait_for_function(
        "slider => slider.value == 1", arg=slider.element_handle(), timeout=120_000
    )
    slider.fill("0.5")  # the middle of 0.02 to 250 ms
    visit.page.wait_for_function(
        "number => number.value == 2.236",
        arg=visit.page.locator("#attack_ms input[type=number]").element_handle(),
        timeout=120_000,
    )
    document = json.loads(visit.download("answer", tmp_path).read_text())
    assert document["applied"]["attack_ms"] == visit.knob("attack_ms") == 2.236

    visit.page.locator("#back").click()
    visit.curve("ratio 4.00")
    assert visit.knob("ratio") == 4.0


def test_a_number_that_is_being_typed_survives_a_second_answer(visit, tmp_path, asked: Asked):
    """Of two uploads, each asks for the settings: the second answer may come when one types."""
    upload_pair(visit, tmp_path)
    visit.page.locator("#options").get_by_text("Options").click()
    visit.page.locator("#again").wait_for()

    def is_result(request) -> bool:
        return "result.wav" in request.url

    with visit.page.expect_request(is_result):
        visit.page.locator("#listening [data-play]").click()  # a new result is loaded at once
    number = visit.page.locator("#ratio input[type=number]")
    number.fill("8")
    with visit.page.expect_request(is_result):
        visit.page.locator("#again").dispatch_event("click")  # without taking the focus
    number.press("Tab")
    visit.curve("ratio 8.00")


def test_options_reach_the_match_and_the_exports_are_downloaded(visit, tmp_path, asked: Asked):
    upload_pair(visit, tmp_path)
    visit.page.locator("#options").get_by_text("Options").click()
    visit.page.locator("#lock textarea, #lock input").first.fill("ratio=3, attack=2")
    visit.page.locator("#again").click()
    end = time.monotonic() + 120
    while asked.another[-1][2]["lock"] != {"ratio": 3.0, "attack_ms": 2.0}:
        assert time.monotonic() < end
        visit.page.wait_for_timeout(200)
    visit.page.locator("#lock textarea, #lock input").first.fill("volume=3")
    visit.page.locator("#again").click()
    visit.page.get_by_role("alert").get_by_text("there is no setting 'volume'").wait_for()
    visit.page.locator("#lock textarea, #lock input").first.fill("")
    visit.page.locator("#again").click()
    visit.curve("ratio 4.00")
    visit.page.locator("#export").click()
    visit.page.locator("#exported table").wait_for()
    names = zipfile.ZipFile(visit.download("archive", tmp_path)).namelist()
    assert {*FILES} <= {*names}


def test_what_is_not_audio_is_named_in_the_page(visit, tmp_path, asked: Asked):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"not audio" * 100)
    visit.upload("loop", broken)
    visit.upload("reference", write_sound(tmp_path / "reference.wav"))
    alert = visit.page.locator("[role=alert]")
    alert.wait_for()
    assert alert.inner_text().startswith("broken.wav: cannot be read as audio")
    assert not visit.page.locator("#curve").is_visible()


def test_why_there_is_no_answer_stands_in_the_page(visit, tmp_path, asked: Asked):
    asked.answer = Answer(NO_ANSWER, warnings=["the reference <b>clips</b>"])
    visit.upload("loop", write_sound(tmp_path / "loop.wav"))
    visit.upload("reference", write_sound(tmp_path / "reference.wav"))
    visit.page.locator("#verdict").get_by_text("the reference <b>clips</b>.").wait_for()
    assert not visit.page.locator("#curve").is_visible()


def test_a_file_that_is_too_large_is_refused(visit, tmp_path):
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(51 * 2**20)
    visit.upload("loop", large)
    visit.page.get_by_text("exceed the maximum allowed size of 50").wait_for()


def test_listening_switches_between_loop_result_and_reference(visit, tmp_path, asked: Asked):
    upload_pair(visit, tmp_path)
    listening = visit.page.locator("#listening")
    listening.get_by_role("button", name="Play").click()
    listening.get_by_role("button", name="Stop").wait_for()
    for name in ("Your loop", "Reference", "Result"):
        listening.get_by_role("button", name=name).click()
        pressed = listening.locator("[aria-pressed=true]")
        assert pressed.all_inner_texts() == [name]
    visit.turn("ratio", 8)
    visit.curve("ratio 8.00")
    listening.get_by_role("button", name="Stop").click()
    listening.get_by_role("button", name="Play").wait_for()


def test_nothing_is_kept_when_a_tab_is_closed_working_or_waiting(
    browser, blocks, tmp_path, asked: Asked, monkeypatch
):
    go_on = Event()

    def slow(*_, **__):
        assert go_on.wait(120)
        return asked.answer

    module = sys.modules["siamese_drc.match.another_recording"]
    monkeypatch.setattr(module, "another_recording", slow)
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    examples = {*(folder / "examples").iterdir()}
    visits = [Visit(browser, blocks.local_url) for _ in range(3)]
    for visit in visits:  # all with the same loop
        visit.upload("loop", write_sound(tmp_path / "loop.wav"))
        visit.upload("reference", write_sound(tmp_path / "reference.wav", gain=0.5))
        visit.page.locator("#verdict").get_by_text("Finding the settings").wait_for()
    assert sum(path.name == "loop.wav" for path in files_in(folder)) >= 3
    visits[0].page.close()  # at work
    visits[1].page.close()  # waiting
    time.sleep(1)
    go_on.set()
    visits[2].curve("ratio 4.00")
    visits[2].page.close()
    end = time.monotonic() + 60
    while files_in(folder) != examples and time.monotonic() < end:
        time.sleep(0.1)
    assert files_in(folder) == examples


def files_in(folder: Path) -> set[Path]:
    """Gradio leaves an empty file behind for every upload."""
    return {path for path in folder.rglob("*") if path.is_file() and path.stat().st_size}
