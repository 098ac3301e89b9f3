"""The page: its components, and what happens on each event."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio import route_utils

from siamese_drc.app.cli import parsed_lock
from siamese_drc.app.examples import Pair
from siamese_drc.app.pictures import TIME_AXES, curve_picture, time_picture
from siamese_drc.app.sessions import CLOSED, Session, remove_uploads
from siamese_drc.app.texts import (
    KNOBS,
    WORKING,
    alert_html,
    exports_html,
    found_text,
    said_alone,
    sentence,
    verdict_html,
)
from siamese_drc.core.errors import InputError

HERE = Path(__file__).parent
TITLE = "Set the compressor from an example"
ABOUT = (
    "Upload a loop and a recording with the sound you want. The page finds compressor settings for"
    " the loop and applies them. Attack and release are time constants: the time to 63 % of a step."
)
_ONE_AT_A_TIME: dict[str, Any] = {
    "concurrency_id": "work",  # the work uses all cores, and matplotlib's style is global
    "concurrency_limit": 1,
    "api_visibility": "private",
}
_AT_ONCE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
Updates = dict[gr.blocks.Block, Any]


class OwnUpload(route_utils.GradioUploadFile):
    """An upload that gets a folder of its own: Gradio names the folder by this hash."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sha.update(os.urandom(16))


# Else one upload would lie where an earlier one of the same content does.
route_utils.GradioUploadFile = OwnUpload  # type: ignore[misc]


class Page:
    """The page's components and the functions behind them.

    The folders of the sessions lie in `folder`; `pairs` are examples to try.
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
            several: dict[str, Any] = {"file_count": "multiple", "elem_id": "reference"}
            self.reference = gr.File(label="The reference, or several", height=140, **several)
        self.examples = gr.Dataset(
            label="Or try an example",
            components=[gr.Textbox(visible=False)],
            samples=[[pair.title] for pair in self._pairs],
            type="index",
            elem_id="examples",
        )
        with gr.Accordion("Options", open=False, elem_id="options"):
            self.amount = gr.Slider(
                0, 100, value=100, step=1, label="Amount of the effect (%)", elem_id="amount"
            )
            self.lock = gr.Textbox(
                label="Keep settings", info="e.g. ratio=4, attack=5", elem_id="lock"
            )
            self.weights = gr.Textbox(
                label="Weights of several references", info="e.g. 2, 1", elem_id="weights"
            )
            self.again = gr.Button("Find the settings again", elem_id="again")
        self.alert = gr.HTML(visible=False)
        self.verdict = gr.HTML(visible=False, elem_id="verdict")
        with gr.Column(visible=False) as self.results, gr.Row():
            with gr.Column():
                self.knobs, self.sliders = [], []
                for name, knob in KNOBS.items():
                    self.knobs.append(gr.Number(label=knob.label, info=" ", elem_id=name))
                    position: dict[str, Any] = {"label": knob.label, "elem_classes": "position"}
                    position |= {"show_label": False, "container": False, "step": 0.001}
                    self.sliders.append(gr.Slider(0, 1, elem_id=f"{name}_position", **position))
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
                self.export = gr.Button("Make settings for other programs", elem_id="export")
                self.exported = gr.HTML(visible=False, elem_id="exported")
                self.archive = gr.DownloadButton(
                    "Download the settings for other programs", visible=False, elem_id="archive"
                )

    def _connect(self) -> None:
        result = [self.listening, self.curve, self.waves, self.audio, self.answer]
        exports = [self.exported, self.archive]
        shown = [self.alert, self.verdict, self.results, *self.knobs, *self.sliders]
        shown += [*result, *exports]
        files = [self.loop, self.reference]
        given = [*files, self.amount, self.lock, self.weights]
        self.blocks.load(self._begin, None, None, **_AT_ONCE)
        for file in files:
            claimed = file.upload(self._claim, files, shown, **_AT_ONCE)
            claimed.success(self._match, given, shown, **_ONE_AT_A_TIME)
            file.clear(self._nothing, None, shown, api_visibility="private")
        gr.on(
            [self.again.click, self.amount.release, self.lock.submit, self.weights.submit],
            self._match,
            given,
            shown,
            trigger_mode="always_last",  # what is asked while work goes on is not lost
            **_ONE_AT_A_TIME,
        )
        options = [self.examples, self.amount, self.lock, self.weights]
        self.examples.click(self._example, options, [*files, *shown], **_ONE_AT_A_TIME)
        # While work goes on, only the last position is kept.
        turning = {**_ONE_AT_A_TIME, "trigger_mode": "always_last", "show_progress": "hidden"}
        for name, number, slider in zip(KNOBS, self.knobs, self.sliders, strict=True):
            slider.input(self._slide(name), [slider, *self.knobs], shown, **turning)
            gr.on([number.submit, number.blur], self._turn, self.knobs, shown, **turning)
        self.export.click(self._export, None, [self.alert, *exports], **_ONE_AT_A_TIME)
        self.back.click(self._back, None, shown, **_ONE_AT_A_TIME)
        self.blocks.unload(self._end)

    def uploads(self) -> set[Path]:
        """Return the uploads of all open tabs."""
        return {path for session in [*self._sessions.values()] for path in session.uploads}

    def _begin(self, request: gr.Request) -> None:
        """Open the session of a tab; requests of tabs that are closed find none."""
        self._sessions[str(request.session_hash)] = Session(self._folder)

    def _claim(
        self, loop: str | None, references: list[str] | None, request: gr.Request
    ) -> Updates:
        """Note whose the uploads are, before any work and any waiting."""
        examples = {path for pair in self._pairs for path in (pair.loop, pair.reference)}
        uploads = {Path(file) for file in (loop, *(references or [])) if file} - examples
        try:
            self._session(request).uploads.update(uploads)
        except gr.Error:
            remove_uploads(uploads)
            raise
        if loop and references:
            return {**self._nothing(), self.verdict: gr.HTML(WORKING, visible=True)}
        return self._nothing()

    def _match(
        self, request: gr.Request, loop: str | None, references: list[str] | None, *options: Any
    ) -> Updates:
        """Match the files once all are uploaded."""
        session = self._session(request)
        if not (loop and references):
            return self._nothing()
        return self._find(session, Path(loop), [*map(Path, references)], *options)

    def _example(self, request: gr.Request, index: int, *options: Any) -> Updates:
        pair = self._pairs[index]
        shown = self._find(self._session(request), pair.loop, [pair.reference], *options)
        return {self.loop: str(pair.loop), self.reference: [str(pair.reference)], **shown}

    def _find(
        self,
        session: Session,
        loop: Path,
        references: list[Path],
        amount: float,
        lock: str | None,
        weights: str | None,
    ) -> Updates:
        try:
            options = {"weights": parsed_weights(weights), "lock": parsed_lock(_items(lock))}
            with session.at_work():
                new = session.find(loop, references, amount=amount, **options)
        except InputError as error:
            return {**self._nothing(), self.alert: _alert(error)}
        if new:
            return self._found(session)
        # Shown again: two uploads ask twice. The numbers are as the session knows them, or one is
        # just being typed.
        numbers = {*self.knobs, *self.sliders}
        shown = self._found(session, session.applied)
        return {each: update for each, update in shown.items() if each not in numbers}

    def _found(self, session: Session, turned: Mapping[str, float] | None = None) -> Updates:
        """Show the settings found, as they were turned since, or why there are none."""
        answer = session.answer
        if answer is None:
            return self._nothing()
        if not answer.settings:
            verdict = verdict_html(answer.situation, [*session.notes, *answer.warnings])
            return {**self._nothing(), self.verdict: gr.HTML(verdict, visible=True)}
        told = {name: found_text(answer.settings.get(name)) for name in KNOBS}
        result = self._result(session, turned or {"knee_db": 0.0, **answer.values()}, told)
        return {self.results: gr.Column(visible=bool(session.applied)), **result}

    def _back(self, request: gr.Request) -> Updates:
        return self._found(self._session(request))

    def _slide(self, name: str) -> Callable[..., Updates]:
        """Return what moves one setting by its slider; the others stay as the numbers are."""

        def slide(request: gr.Request, position: float, *values: float | None) -> Updates:
            settings = dict(zip(KNOBS, values, strict=True))
            settings[name] = KNOBS[name].value(position)
            return self._turn(request, *settings.values())

        return slide

    def _turn(self, request: gr.Request, *values: float | None) -> Updates:
        """Show the loop under the settings typed; an empty number leaves its setting as it is."""
        session = self._session(request)
        settings = dict(session.applied)
        for name, value in zip(KNOBS, values, strict=True):
            if value is not None:
                settings[name] = value
        if settings == session.applied:
            return {self.alert: gr.HTML(visible=False)}
        return self._result(session, settings)

    def _result(
        self, session: Session, settings: Mapping[str, float], told: Mapping[str, str] | None = None
    ) -> Updates:
        """Show the loop under settings; numbers and sliders show those that its sound has."""
        limited = {name: knob.limited(settings[name]) for name, knob in KNOBS.items()}
        try:
            with session.at_work():
                result = session.apply(limited)
        except InputError as error:
            return {self.alert: _alert(error)}
        answer = session.answer
        assert answer is not None
        several = answer.references if len(answer.references) > 1 else []
        warnings = [*map(said_alone, several), *session.notes, *answer.warnings, *result.warnings]
        axis_s = float(result.overview.seconds[-1])
        listening: dict[str, Any] = {
            name: {"path": f"gradio_api/file={copy}", "gain_db": result.gains_db[name]}
            for name, copy in result.copies.items()
        }
        listening["time"] = {"start_s": session.start_s, "axis_s": axis_s, **TIME_AXES}
        updates: Updates = {
            self.alert: gr.HTML(visible=False),
            self.verdict: gr.HTML(verdict_html(answer.situation, warnings), visible=True),
            self.listening: listening,
            self.curve: curve_picture(result.settings, result.overview),
            self.waves: time_picture(result.overview, session.reference),
            self.audio: str(result.audio),
            self.answer: str(result.answer),
            self.exported: gr.HTML(visible=False),
            self.archive: gr.DownloadButton(visible=False),
        }
        for name, number, slider in zip(KNOBS, self.knobs, self.sliders, strict=True):
            value = result.settings[name]
            updates[number] = gr.Number(value, info=told[name]) if told else gr.Number(value)
            updates[slider] = KNOBS[name].position(value)
        return updates

    def _export(self, request: gr.Request) -> Updates:
        """Fit the equations of other compressors to the gain of the result."""
        session = self._session(request)
        try:
            with session.at_work():
                archive, exported = session.export()
        except InputError as error:
            return {self.alert: _alert(error)}
        return {
            self.exported: gr.HTML(exports_html(exported), visible=True),
            self.archive: gr.DownloadButton(value=str(archive), visible=True),
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
            raise gr.Error(sentence(CLOSED), print_exception=False)
        return session

    def _end(self, request: gr.Request) -> None:
        session = self._sessions.pop(str(request.session_hash), None)
        if session is not None:
            session.end()


def _items(text: str | None) -> list[str]:
    return [item.strip() for item in (text or "").split(",") if item.strip()]


def parsed_weights(text: str | None) -> list[float] | None:
    """Return the weights of several references, None if the text is empty."""
    try:
        return [float(item) for item in _items(text)] or None
    except ValueError:
        raise InputError(f"weights: {text!r}, must be numbers, e.g. 2, 1") from None


def _alert(error: InputError) -> gr.HTML:
    return gr.HTML(alert_html(error), visible=True)
