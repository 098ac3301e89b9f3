"""The page: what stands where, and what follows from what the visitor does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from stages.common.errors import InputError
from stages.match.example_pairs import Pair
from stages.match.page import words
from stages.match.page.knobs import KNOBS, slider, turned_to
from stages.match.page.pictures import curve_picture, time_picture
from stages.match.page.sessions import Session, Sessions
from stages.match.page.work import apply_settings, find_settings

HERE = Path(__file__).parent
TITLE = "Set the compressor from an example"
ABOUT = (
    "Give a loop, and a recording that sounds as the loop should. Out come the compressor's"
    " settings and the loop under them. Attack and release are time constants: the time to 63 % of"
    " a step."
)
_ONE_AT_A_TIME: dict[str, Any] = {
    "concurrency_id": "work",  # all cores are one visitor's, and matplotlib's style is global
    "concurrency_limit": 1,
    "api_visibility": "private",
}

Updates = dict[gr.blocks.Block, Any]


class Page:
    """The page's components and the functions behind them.

    Parameters
    ----------
    sessions : Sessions
    pairs : sequence of Pair
        Examples to try.
    """

    def __init__(self, sessions: Sessions, pairs: Sequence[Pair]) -> None:
        """Lay the page out."""
        self._sessions = sessions
        self._pairs = pairs
        with gr.Blocks(
            title=TITLE, analytics_enabled=False, delete_cache=(3600, 24 * 3600)
        ) as self.blocks:
            self._place()
            self._connect()

    def _place(self) -> None:
        gr.Markdown(f"# {TITLE}\n\n{ABOUT}")
        with gr.Row():
            self.loop = gr.File(label="Your loop", elem_id="loop", height=140)
            self.reference = gr.File(label="The reference", elem_id="reference", height=140)
        self.examples = gr.Dataset(
            label="Or try",
            components=[gr.Textbox(visible=False)],
            samples=[[pair.title] for pair in self._pairs],
            type="index",
            elem_id="examples",
        )
        self.alert = gr.HTML(visible=False)
        self.verdict = gr.HTML(visible=False, elem_id="verdict")
        with gr.Column(visible=False) as self.results, gr.Row():
            with gr.Column():
                self.knobs = [slider(knob) for knob in KNOBS]
                self.back = gr.Button("Back to what was found", elem_id="back")
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
        shown = [self.alert, self.verdict, self.results, *self.knobs, *self._of_result()]
        files = [self.loop, self.reference]
        for file in files:
            file.upload(self._match, files, shown, **_ONE_AT_A_TIME)
            file.clear(self._nothing, None, shown, api_visibility="private")
        self.examples.click(self._example, self.examples, [*files, *shown], **_ONE_AT_A_TIME)
        for knob in self.knobs:
            # Of a knob's many positions on its way, the last is what counts.
            knob.input(
                self._turn,
                self.knobs,
                [self.verdict, *self._of_result()],
                trigger_mode="always_last",
                show_progress="hidden",
                **_ONE_AT_A_TIME,
            )
        self.back.click(self._back, None, shown, **_ONE_AT_A_TIME)
        self.blocks.unload(self._end)

    def _of_result(self) -> list[gr.blocks.Block]:
        return [self.listening, self.curve, self.waves, self.audio, self.answer]

    def _match(self, loop: str | None, reference: str | None, request: gr.Request) -> Updates:
        """Match the two files when both are there."""
        session = self._session(request)
        session.uploads.update(Path(file) for file in (loop, reference) if file)
        if not (loop and reference):
            return self._nothing()
        return self._find(session, Path(loop), Path(reference))

    def _example(self, index: int, request: gr.Request) -> Updates:
        pair = self._pairs[index]
        shown = self._find(self._session(request), pair.loop, pair.reference)
        return {self.loop: str(pair.loop), self.reference: str(pair.reference), **shown}

    def _find(self, session: Session, loop: Path, reference: Path) -> Updates:
        with session.lock:
            try:
                session.matched = find_settings(loop, reference, session.start_over())
            except InputError as error:
                session.matched = None
                return {**self._nothing(), self.alert: _shown(words.alert(str(error)))}
        return self._found(session)

    def _found(self, session: Session) -> Updates:
        """Show what was found, or why nothing was."""
        assert session.matched is not None
        answer = session.matched.answer
        if not answer.settings:
            verdict = words.verdict(answer.situation, answer.warnings)
            return {**self._nothing(), self.verdict: _shown(verdict)}
        return {
            self.alert: gr.HTML(visible=False),
            self.results: gr.Column(visible=True),
            **{
                place: turned_to(knob, answer.settings[knob.name])
                for place, knob in zip(self.knobs, KNOBS, strict=True)
            },
            **self._result(session, answer.values()),
        }

    def _back(self, request: gr.Request) -> Updates:
        return self._found(self._session(request))

    def _turn(self, request: gr.Request, *values: float) -> Updates:
        """Show the loop under the knobs as they stand."""
        settings = {knob.name: value for knob, value in zip(KNOBS, values, strict=True)}
        return self._result(self._session(request), settings)

    def _result(self, session: Session, settings: Mapping[str, float]) -> Updates:
        with session.lock:
            matched = session.matched
            assert matched is not None
            result = apply_settings(matched, settings, session.folder_of_next_result())
        return {
            self.verdict: _shown(
                words.verdict(
                    matched.answer.situation, [*matched.answer.warnings, *result.warnings]
                )
            ),
            self.listening: {
                name: {"path": f"gradio_api/file={copy}", "gain_db": result.gains_db[name]}
                for name, copy in result.copies.items()
            },
            self.curve: curve_picture(settings, result.overview),
            self.waves: time_picture(result.overview, matched.reference),
            self.audio: str(result.audio),
            self.answer: str(result.answer),
        }

    def _nothing(self) -> Updates:
        """Show no result."""
        return {
            self.alert: gr.HTML(visible=False),
            self.verdict: gr.HTML(visible=False),
            self.results: gr.Column(visible=False),
            self.listening: None,
        }

    def _session(self, request: gr.Request) -> Session:
        return self._sessions.find(str(request.session_hash))

    def _end(self, request: gr.Request) -> None:
        self._sessions.end(str(request.session_hash))


def _shown(text: str) -> gr.HTML:
    return gr.HTML(text, visible=True)
