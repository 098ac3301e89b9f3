// Plays loop, result and reference in sync, repeatedly, one of them audible at a time, at gains that
// make them equally loud. Gradio defines `element`, `props` and `watch`.
const NAMES = ["loop", "result", "reference"];
const loaded = {}; // name -> {path, buffer}
const voices = {}; // name -> {source, gain}
let context = null;
let playing = false;
let began = 0;
let chosen = "result";

function show() {
  for (const button of element.querySelectorAll("[data-name]")) {
    button.setAttribute("aria-pressed", button.dataset.name === chosen);
  }
  element.querySelector("[data-play]").textContent = playing ? "Stop" : "Play";
}

async function load(name) {
  const path = props.value[name].path;
  if (loaded[name]?.path === path) return;
  const response = await fetch(path);
  if (!response.ok) return; // replaced by a newer result
  loaded[name] = { path, buffer: await context.decodeAudioData(await response.arrayBuffer()) };
  stop(name);
}

function start(name) {
  if (voices[name]) return;
  const source = new AudioBufferSourceNode(context, { buffer: loaded[name].buffer, loop: true });
  const gain = new GainNode(context, { gain: 0 });
  source.connect(gain).connect(context.destination);
  source.start(0, (context.currentTime - began) % source.buffer.duration);
  voices[name] = { source, gain };
}

function stop(name) {
  voices[name]?.source.stop();
  voices[name]?.gain.disconnect();
  delete voices[name];
}

function mix() {
  for (const name of NAMES) {
    const gain = name === chosen ? 10 ** (props.value[name].gain_db / 20) : 0;
    voices[name]?.gain.gain.setTargetAtTime(gain, context.currentTime, 0.005);
  }
}

async function play() {
  if (!playing || !props.value) return;
  await Promise.all(NAMES.map(load));
  if (!playing) return;
  NAMES.filter((name) => loaded[name]).forEach(start);
  mix();
}

// Draws a line over the waveforms where the sound is.
function mark() {
  let line = document.getElementById("playhead");
  if (!playing) {
    line?.remove();
    return;
  }
  const image = document.querySelector("#waves img");
  const duration = loaded.result?.buffer.duration;
  if (image && duration && props.value) {
    if (!line) {
      line = document.createElement("div");
      line.id = "playhead";
      document.body.append(line);
    }
    const box = image.getBoundingClientRect();
    const { start_s, axis_s, left, right, height } = props.value.time;
    const at = (start_s + ((context.currentTime - began) % duration)) / axis_s;
    line.style.left = `${window.scrollX + box.left + box.width * (left + (right - left) * at)}px`;
    line.style.top = `${window.scrollY + box.top}px`;
    line.style.height = `${box.height * height}px`;
  }
  requestAnimationFrame(mark);
}

element.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.name) {
    chosen = button.dataset.name;
    if (playing) mix();
  } else {
    playing = !playing;
    if (playing) {
      context ??= new AudioContext();
      await context.resume();
      began = context.currentTime;
      play();
      mark();
    } else NAMES.forEach(stop);
  }
  show();
});

watch("value", () => {
  show();
  play();
});
show();
