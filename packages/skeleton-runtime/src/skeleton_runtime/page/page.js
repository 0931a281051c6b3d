"use strict";
// The page: a recording that is dropped on it goes to `engine`, which answers as POST /predict does; then its
// skeleton moves, beside the answer for the window about the frame that is shown.
(() => {
const element = id => document.getElementById(id);
const OPTIONS = ["window", "stride", "threshold", "smooth", "fps", "units", "up"];
let answers = [], fps = 30, shown = null, number = 0;

async function recognise(file) {
  const mine = ++number;
  say(`${file.name} is being recognised ...`);
  try {
    const reply = await engine.recognise(file, Object.fromEntries(OPTIONS.map(name => [name, element(name).value.trim()])));
    if (mine === number) show(file.name, reply);
  } catch (error) {
    if (mine === number) clear(error.message || String(error));
  }
}

function show(name, reply) {
  const own = reply.answers[0].clip, clips = new Set(reply.answers.map(answer => answer.clip)).size;
  answers = reply.answers.filter(answer => answer.clip === own);
  shown = null;
  drawTimeline();
  say([clips > 1 ? `${name} has ${clips} clips, of which the first is shown.` : name, ...(reply.refused || [])].join("\n"));
  if (reply.skeleton) {
    fps = reply.skeleton.fps;
    player.show(reply.skeleton);
  } else {
    element("views").replaceChildren();
    tell(answers[0]);
  }
}

function clear(error) {
  answers = [];
  shown = null;
  element("answer").textContent = "";
  element("bars").replaceChildren();
  element("timeline").replaceChildren();
  element("views").replaceChildren();
  say(error, true);
}

function say(text, error = false) {
  element("status").textContent = text;
  element("status").className = error ? "error" : "";
}

const end = () => answers.at(-1)?.end ?? 1;
const middle = answer => (answer.start + answer.end) / 2;

player.onframe = frame => {
  const time = (frame + 0.5) / fps;
  element("timeline").style.setProperty("--now", `${100 * Math.min(1, time / end())}%`);
  let best = answers[0];
  for (const answer of answers) if (Math.abs(middle(answer) - time) < Math.abs(middle(best) - time)) best = answer;
  if (best && best !== shown) tell(best);
};

function tell(answer) {
  shown = answer;
  element("answer").textContent = answer.label ?? "nobody";
  element("bars").replaceChildren(...Object.entries(answer.classes).sort((a, b) => b[1] - a[1]).map(([name, probability]) => {
    const bar = document.createElement("div"), fill = document.createElement("i"), text = document.createElement("span");
    const [left, right] = [document.createElement("b"), document.createElement("b")];
    bar.className = "bar";
    fill.style.width = `${100 * probability}%`;
    left.textContent = name;
    right.textContent = `${(100 * probability).toFixed(1)} %`;
    text.append(left, right);
    bar.append(fill, text);
    return bar;
  }));
}

function drawTimeline() {
  element("timeline").replaceChildren(...answers.map((answer, place) => {
    const part = document.createElement("div"), next = answers[place + 1];
    const from = place ? (middle(answers[place - 1]) + middle(answer)) / 2 : 0;
    const to = next ? (middle(answer) + middle(next)) / 2 : end();
    part.style.left = `${100 * from / end()}%`;
    part.style.width = `${100 * (to - from) / end()}%`;
    if (answer.label === null) part.className = "nobody";
    else if (answer.label === "unknown") part.className = "unknown";
    else part.style.background = `hsl(${hue(answer.label)} 45% 42%)`;
    part.textContent = part.title = answer.label ?? "nobody";
    return part;
  }));
}

function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (31 * sum + letter.codePointAt(0)) % 360;
  return sum;
}

element("file").addEventListener("change", event => {
  if (event.target.files.length) recognise(event.target.files[0]);
  event.target.value = "";
});
addEventListener("dragover", event => { event.preventDefault(); document.body.classList.add("dragged"); });
addEventListener("dragleave", () => document.body.classList.remove("dragged"));
addEventListener("drop", event => {
  event.preventDefault();
  document.body.classList.remove("dragged");
  if (event.dataTransfer.files.length) recognise(event.dataTransfer.files[0]);
});
engine.card().then(
  card => { element("model").textContent = `${card.classes.length} actions, ${card.joints.length} joints (${card.layout})`; },
  error => say(error.message || String(error), true));
})();
