// Windows of a recording, and what the player is given to draw.
import { at, bodiesThere, present } from "./clip.mjs";

function framesOf(text, fps, name) {
  const value = /^\d*\.?\d+s$/.test(text) ? parseFloat(text) * fps : /^\d+$/.test(text) ? Number(text) : -1;
  if (!(value > 0 && value < 2 ** 31)) throw new Error(`${name} must be a time in frames (60) or seconds (2s), but is '${text}'`);
  return Math.max(1, half(value));
}

const half = value => Math.abs(value % 1 - 0.5) < 1e-12 ? 2 * Math.round(value / 2) : Math.round(value);  // to even, as Python

export function windows(frames, fps, { window, stride }) {
  const length = window ? framesOf(window, fps, "window") : frames;
  const step = window && stride ? framesOf(stride, fps, "stride") : Math.max(1, Math.floor(length / 2));
  if (step > length) throw new Error(`stride ${stride} needs a window that is at least as long`);
  const last = Math.max(frames - length, 0), starts = [];
  for (let start = 0; start < last; start += step) starts.push(start);
  return [...starts, last].map(start => [start, Math.min(start + length, frames)]);
}

export function drawn(title, clip, fps, card) {
  const there = bodiesThere(clip);
  if (!there.length) return null;
  const shown = { title, note: "", frames: clip.frames, bodies: clip.bodies, xyz: clip.xyz };
  return { fps, yaw: yaw(clip, there, card), bones: card.bones, sides: card.sides, colours: card.colours, clips: [shown] };
}

// From a little beside the front of one body; two are seen next to each other.
function yaw(clip, there, card) {
  const line = [0, 0];
  const add = (body, joint, sign, weight) => [0, 2].forEach((axis, place) => {
    for (let frame = 0; frame < clip.frames; frame++)
      if (present(clip, frame, body)) line[place] += sign * weight * clip.xyz[at(clip, frame, body, joint) + axis];
  });
  const frames = body => Array.from({ length: clip.frames }, (_, frame) => frame).filter(frame => present(clip, frame, body)).length;
  if (there.length > 1)
    for (let joint = 0; joint < clip.joints; joint++)
      [[there[1], 1], [there[0], -1]].forEach(([body, sign]) => add(body, joint, sign, 1 / (frames(body) * clip.joints)));
  else
    for (const [left, right] of [card.shoulders, card.hips].filter(Boolean)) { add(there[0], left, 1, 1); add(there[0], right, -1, 1); }
  return Math.hypot(...line) > 1e-6 ? Math.atan2(line[1], line[0]) + card.turn : 0;
}
