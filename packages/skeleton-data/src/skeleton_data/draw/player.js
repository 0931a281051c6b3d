"use strict";
// Plays one clip, or two side by side, in the page that holds it: player.show(data) begins anew with other clips,
// player.onframe is called with the number of each frame that is drawn. `data` is what page.py calls player_data.
const player = (() => {
let data = null, clips = [], last = 0, size = { height: 1, radius: 1 };
const view = { yaw: 0, pitch: 0.18, zoom: 1 }, parts = ["middle", "left", "right"];
const slider = document.getElementById("frame"), button = document.getElementById("play");
const clock = document.getElementById("clock"), speed = document.getElementById("speed");
let playing = true, now = 0;  // now: seconds

function decode(clip) {
  const bytes = Uint8Array.from(atob(clip.joints), c => c.charCodeAt(0));
  const whole = new DataView(bytes.buffer), joints = new Float32Array(bytes.length / 2);
  for (let i = 0; i < joints.length; i++) joints[i] = whole.getInt16(2 * i, true) * clip.unit;
  return joints;
}

// Everything that is drawn of a clip lies in a cylinder: middle on the floor, radius, height.
function extent(clip) {
  const low = [1e9, 1e9, 1e9], high = [-1e9, -1e9, -1e9], v = data.sides.length;
  for (let body = 0; body < clip.frames * clip.bodies; body++) {
    if (!present(clip, body * v * 3)) continue;
    for (let i = body * v * 3; i < (body + 1) * v * 3; i++) {
      low[i % 3] = Math.min(low[i % 3], clip.xyz[i]);
      high[i % 3] = Math.max(high[i % 3], clip.xyz[i]);
    }
  }
  return { middle: [(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2], height: high[1] - low[1],
    radius: Math.hypot(high[0] - low[0], high[2] - low[2]) / 2 };
}

function present(clip, start) {
  for (let i = start; i < start + data.sides.length * 3; i++) if (clip.xyz[i] !== 0) return true;
  return false;
}

function figureOf(clip) {
  clip.xyz ??= decode(clip);
  Object.assign(clip, extent(clip));
  const figure = document.createElement("figure"), caption = document.createElement("figcaption");
  caption.textContent = clip.title;
  const note = document.createElement("small");
  note.textContent = clip.note;
  caption.append(note);
  const stage = document.createElement("div"), canvas = document.createElement("canvas");
  stage.className = "stage";
  stage.append(canvas);
  figure.append(caption, stage);
  listen(canvas);
  Object.assign(clip, { canvas, pen: canvas.getContext("2d") });
  return figure;
}

function show(shown) {
  data = shown;
  clips = data.clips;
  document.getElementById("views").replaceChildren(...clips.map(figureOf));
  last = Math.max(...clips.map(clip => clip.frames)) - 1;
  size = { height: Math.max(0.3, ...clips.map(clip => clip.height)), radius: Math.max(0.15, ...clips.map(clip => clip.radius)) };
  slider.max = last;
  parts.forEach((part, side) => document.querySelector(`#legend .${part}`).style.background = data.colours[side]);
  document.getElementById("second").textContent = clips.some(clip => clip.bodies > 1) ? " (second person: paler)" : "";
  now = 0;
  reset();
  play(true);
}

function reset() {
  Object.assign(view, { yaw: data.yaw, pitch: 0.18, zoom: 1 });
  draw();
}

function listen(canvas) {
  canvas.addEventListener("pointerdown", event => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", event => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    view.yaw += event.movementX * 0.01;
    view.pitch = Math.max(-0.3, Math.min(1.5, view.pitch + event.movementY * 0.01));
    draw();
  });
  canvas.addEventListener("wheel", event => {
    event.preventDefault();
    view.zoom = Math.max(0.3, Math.min(6, view.zoom * Math.exp(-event.deltaY * 0.001)));
    draw();
  }, { passive: false });
  canvas.addEventListener("dblclick", reset);
}

function draw() {
  if (!data) return;
  const frame = Math.min(last, Math.floor(now * data.fps + 1e-6));
  slider.value = frame;
  clock.textContent = `frame ${frame + 1} of ${last + 1}, ${(frame / data.fps).toFixed(2)} s`;
  for (const clip of clips) paint(clip, Math.min(frame, clip.frames - 1));
  if (self.onframe) self.onframe(frame);
}

function paint(clip, frame) {
  const { canvas, pen } = clip, ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const cy = Math.cos(view.yaw), sy = Math.sin(view.yaw), cp = Math.cos(view.pitch), sp = Math.sin(view.pitch);
  const far = 4 * Math.max(size.height, 2 * size.radius);
  const fit = 0.95 * Math.min(width / (2 * size.radius + 0.3), height / (size.height + 0.8 * size.radius + 0.2)) * view.zoom;
  const half = size.height / 2;
  // metres to (x, y, nearness): turned about the vertical, tilted, in weak perspective
  const place = (x, y, z) => {
    x -= clip.middle[0]; y -= clip.middle[1] + half; z -= clip.middle[2];
    const right = cy * x + sy * z, near = cy * z - sy * x;
    const up = cp * y - sp * near, towards = sp * y + cp * near;
    const scale = fit * far / Math.max(0.2 * far, far - towards);
    return [width / 2 + right * scale, height / 2 - up * scale, towards, scale];
  };
  floor(pen, clip, place);
  const v = data.sides.length, strokes = [];
  for (let body = 0; body < clip.bodies; body++) {
    const start = (frame * clip.bodies + body) * v * 3;
    if (!present(clip, start)) continue;
    const points = [];
    for (let joint = 0; joint < v; joint++) points.push(place(...clip.xyz.subarray(start + 3 * joint, start + 3 * joint + 3)));
    for (const [child, parent] of data.bones) strokes.push({ from: points[child], to: points[parent], joint: child, body });
    for (let joint = 0; joint < v; joint++) strokes.push({ from: points[joint], to: null, joint, body });
  }
  strokes.sort((a, b) => nearness(a) - nearness(b));  // what is nearer hides what is behind
  pen.lineCap = "round";
  for (const { from, to, joint, body } of strokes) {
    pen.globalAlpha = body ? 0.55 : 1;
    pen.strokeStyle = pen.fillStyle = data.colours[data.sides[joint]];
    const thick = Math.max(2, Math.min(9, 0.022 * from[3]));
    pen.beginPath();
    if (to) { pen.lineWidth = thick; pen.moveTo(from[0], from[1]); pen.lineTo(to[0], to[1]); pen.stroke(); }
    else { pen.arc(from[0], from[1], 0.75 * thick, 0, 7); pen.fill(); }
  }
  pen.globalAlpha = 1;
}

function nearness({ from, to }) { return to ? (from[2] + to[2]) / 2 : from[2] + 0.01; }

function floor(pen, clip, place) {
  const [x, y, z] = clip.middle, step = 0.5, count = Math.ceil((size.radius + 0.4) / step);
  pen.strokeStyle = "#dededa";
  pen.lineWidth = 1;
  pen.beginPath();
  for (let i = -count; i <= count; i++) {
    for (const [a, b] of [[[i, -count], [i, count]], [[-count, i], [count, i]]]) {
      const from = place(x + a[0] * step, y, z + a[1] * step), to = place(x + b[0] * step, y, z + b[1] * step);
      pen.moveTo(from[0], from[1]);
      pen.lineTo(to[0], to[1]);
    }
  }
  pen.stroke();
}

function play(on) { playing = on; button.textContent = on ? "Pause" : "Play"; }
function step(frames) {
  if (!data) return;
  play(false);
  now = Math.max(0, Math.min(last, Number(slider.value) + frames)) / data.fps;
  draw();
}
button.addEventListener("click", () => play(!playing));
slider.addEventListener("input", () => step(0));
addEventListener("resize", draw);
addEventListener("keydown", event => {
  if (/^(INPUT|SELECT)$/.test(event.target.tagName) && event.target !== slider || event.target === button && event.key === " ") return;
  if (event.key === " ") play(!playing);
  else if (event.key === "ArrowLeft") step(-1);
  else if (event.key === "ArrowRight") step(1);
  else return;
  event.preventDefault();
});
let before = null;
function tick(time) {
  if (data && playing && before !== null) {
    now += (time - before) / 1000 * Number(speed.value);
    if (now >= (last + 1) / data.fps) now = 0;
    draw();
  }
  before = time;
  requestAnimationFrame(tick);
}
requestAnimationFrame(tick);
const self = { show, onframe: null };
return self;
})();
