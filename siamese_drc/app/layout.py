"""The page: its components, its texts, and what happens on each event."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from siamese_drc.app.examples import Pair
from siamese_drc.app.pictures import curve_picture, time_picture
from siamese_drc.app.sessions import CLOSED, Session
from siamese_drc.app.uploads import remove_uploads
from siamese_drc.core.errors import InputError
from siamese_drc.match.answer import ANOTHER_RECORDING, NO_ANSWER, SAME_PERFORMANCE, Estimate

HERE = Path(__file__).parent
TITLE = "Set the compressor from an example"
ABOUT = (
    "Upload a loop and a recording with the sound you want. The page finds compressor settings for"
    " the loop and applies them. Attack and release are time constants: the time to 63 % of a step."
)
_VERDICTS = {
    SAME_PERFORMANCE: (
        "The reference is your loop, compressed.",
        "The settings were computed from the two recordings.",
    ),
    ANOTHER_RECORDING: (
        "The reference is another recording.",
        "The settings bring your loop closer to its sound.",
    ),
    NO_ANSWER: ("No settings could be found from these recordings.", ""),
}
# Settings: label, lowest and highest value of the slider
KNOBS: dict[str, tuple[str, float, float]] = {
    "threshold_db": ("Threshold (dBFS)", -60, 0),
    "ratio": ("Ratio (to 1)", 1, 20),
    "attack_ms": ("Attack (ms)", 0.1, 100),
    "release_ms": ("Release (ms)", 5, 1000),
    "makeup_db": ("Make-up gain (dB)", -24, 24),
}
_ONE_AT_A_TIME: dict[str, Any] = {
    "concurrency_id": "work",  # the work uses all cores, and matplotlib's style is global
    "concurrency_limit": 1,
    "api_visibility": "private",
}
_AT_ONCE: dict[str, Any] = {
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
}
_WORKING = (
    '<div role="status"><strong>Finding the settings.</strong> One pair is worked on at a time;'
    " if others came before, this one waits.</div>"
)

Updates = dict[gr.blocks.Block, Any]


class Page:
    """The page's components and the functions behind them.

    Parameters
    ----------
    folder : Path
        For the folders of the sessions.
    pairs : sequence of Pair
        Examples to try.
    """

    def __init__(self, folder: Path, pairs: Sequence[Pair]) -> None:
        self._folder = folder
        self._pairs = pairs
        self._sessions: dict[str, Session] = {}
        with gr.Blocks(title=TITLE, analytics_enabled=False) as self.blocks:
            self._place()
            self._connect()

    def _place(self) -> None:
        gr.Markdown(f"# {TITLE}\n\n{ABOUT}")
        with gr.Row():
            self.loop = gr.File(label="Your loop", elem_id="loop", height=140)
            self.reference = gr.File(label="The reference", elem_id="reference", height=140)
        self.examples = gr.Dataset(
            label="Or try an example",
            components=[gr.Textbox(visible=False)],
            samples=[[pair.title] for pair in self._pairs],
            type="index",
            elem_id="examples",
        )
        self.alert = gr.HTML(visible=False)
        self.verdict = gr.HTML(visible=False, elem_id="verdict")
        with gr.Column(visible=False) as self.results, gr.Row():
            with gr.Column():
                self.knobs = [
                    gr.Slider(low, high, step=0.1, label=label, info=" ", elem_id=name)
                    for name, (label, low, high) in KNOBS.items()
                ]
                self.back = gr.Button("Reset to the settings found", elem_id="back")
                self.curve = gr.HTML(elem_id="curve")
            with gr.Column():
                self.listening = gr.HTML(
                    html_template=(HERE / "listening.html").read_text(encoding="utf-8"),
                    js_on_load=(HERE / "listening.js").read_text(encoding="utf-8"),
                    elem_id="listening",
                )
                self.waves = gr.HTML(elem_id="waves")
                self.audio = gr.DownloadButton("Download the result", elem_id="audio")
                self.answer = gr.DownloadButton("Download the settings (JSON)", elem_id="answer")

    def _connect(self) -> None:
        result = [self.listening, self.curve, self.waves, self.audio, self.answer]
        shown = [self.alert, self.verdict, self.results, *self.knobs, *result]
        files = [self.loop, self.reference]
        self.blocks.load(self._begin, None, None, **_AT_ONCE)
        for file in files:
            file.upload(self._claim, files, shown, **_AT_ONCE).success(
                self._match, files, shown, **_ONE_AT_A_TIME
            )
            file.clear(self._nothing, None, shown, api_visibility="private")
        self.examples.click(self._example, self.examples, [*files, *shown], **_ONE_AT_A_TIME)
        for knob in self.knobs:
            knob.input(
                self._turn,
                self.knobs,
                [self.verdict, *result],
                trigger_mode="always_last",  # while work goes on, only the last position is kept
                show_progress="hidden",
                **_ONE_AT_A_TIME,
            )
        self.back.click(self._back, None, shown, **_ONE_AT_A_TIME)
        self.blocks.unload(self._end)

    def uploads(self) -> set[Path]:
        """Return the uploads of all open tabs."""
        return {path for session in [*self._sessions.values()] for path in session.uploads}

    def _begin(self, request: gr.Request) -> None:
        """Open the session of a tab; requests of tabs that are closed find none."""
        self._sessions[str(request.session_hash)] = Session(self._folder)

    def _claim(self, loop: str | None, reference: str | None, request: gr.Request) -> Updates:
        """Note whose the uploads are, before any work and any waiting."""
        examples = {path for pair in self._pairs for path in (pair.loop, pair.reference)}
        uploads = {Path(file) for file in (loop, reference) if file} - examples
        try:
            self._session(request).uploads.update(uploads)
        except gr.Error:
            remove_uploads(uploads)
            raise
        if loop and reference:
            return {**self._nothing(), self.verdict: gr.HTML(_WORKING, visible=True)}
        return self._nothing()

    def _match(self, loop: str | None, reference: str | None, request: gr.Request) -> Updates:
        """Match the two files once both are uploaded."""
        session = self._session(request)
        if not (loop and reference):
            return self._nothing()
        return self._find(session, Path(loop), Path(reference))

    def _example(self, index: int, request: gr.Request) -> Updates:
        pair = self._pairs[index]
        shown = self._find(self._session(request), pair.loop, pair.reference)
        return {self.loop: str(pair.loop), self.reference: str(pair.reference), **shown}

    def _find(self, session: Session, loop: Path, reference: Path) -> Updates:
        try:
            with session.lock:
                session.find(loop, reference)
        except InputError as error:
            alert = f'<div role="alert">{escape(_sentence(str(error)))}</div>'
            return {**self._nothing(), self.alert: gr.HTML(alert, visible=True)}
        return self._found(session)

    def _found(self, session: Session) -> Updates:
        """Show the settings found, or why there are none."""
        answer = session.answer
        assert answer is not None
        if not answer.settings:
            verdict = verdict_html(answer.situation, answer.warnings)
            return {**self._nothing(), self.verdict: gr.HTML(verdict, visible=True)}
        return {
            self.alert: gr.HTML(visible=False),
            self.results: gr.Column(visible=True),
            **{
                knob: _turned_to(name, answer.settings[name])
                for knob, name in zip(self.knobs, KNOBS, strict=True)
            },
            **self._result(session, answer.values()),
        }

    def _back(self, request: gr.Request) -> Updates:
        return self._found(self._session(request))

    def _turn(self, request: gr.Request, *values: float) -> Updates:
        """Show the loop under the settings of the sliders."""
        return self._result(self._session(request), dict(zip(KNOBS, values, strict=True)))

    def _result(self, session: Session, settings: Mapping[str, float]) -> Updates:
        with session.lock:
            result = session.apply(settings)
        answer = session.answer
        assert answer is not None
        verdict = verdict_html(answer.situation, [*answer.warnings, *result.warnings])
        return {
            self.verdict: gr.HTML(verdict, visible=True),
            self.listening: {
                name: {"path": f"gradio_api/file={copy}", "gain_db": result.gains_db[name]}
                for name, copy in result.copies.items()
            },
            self.curve: curve_picture(settings, result.overview),
            self.waves: time_picture(result.overview, session.reference),
            self.audio: str(result.audio),
            self.answer: str(result.answer),
        }

    def _nothing(self) -> Updates:
        """Hide all results."""
        return {
            self.alert: gr.HTML(visible=False),
            self.verdict: gr.HTML(visible=False),
            self.results: gr.Column(visible=False),
            self.listening: None,
        }

    def _session(self, request: gr.Request) -> Session:
        session = self._sessions.get(str(request.session_hash))
        if session is None:
            raise gr.Error(_sentence(CLOSED), print_exception=False)
        return session

    def _end(self, request: gr.Request) -> None:
        session = self._sessions.pop(str(request.session_hash), None)
        if session is not None:
            session.end()


def verdict_html(situation: str, warnings: Sequence[str]) -> str:
    """Return the situation and the warnings as HTML."""
    headline, explanation = _VERDICTS[situation]
    items = "".join(f"<li>{escape(_sentence(warning))}</li>" for warning in warnings)
    listed = f"<ul>{items}</ul>" if items else ""
    return f'<div role="status"><strong>{headline}</strong> {explanation}{listed}</div>'


def _sentence(text: str) -> str:
    return text.rstrip(".") + "."


def _turned_to(name: str, found: Estimate) -> gr.Slider:
    """Return the slider at the value found; its range is widened if the value lies outside."""
    _, low, high = KNOBS[name]
    info = f"found: {found.value:.4g}"
    if found.low < found.high:
        info += f" (90 % interval: {found.low:.4g} to {found.high:.4g})"
    return gr.Slider(
        min(low, math.floor(found.value * 100) / 100),
        max(high, math.ceil(found.value * 100) / 100),
        value=round(found.value, 2),
        info=info,
    )
