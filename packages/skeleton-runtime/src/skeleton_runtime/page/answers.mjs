// Answers to the windows of a recording, as skeleton_runtime.Recogniser gives them; a test holds the two together.
import { inView, peopleOf, tensor, thoseInView } from "./clip.mjs";
import { windows } from "./windows.mjs";

const MOST_WINDOWS = 10_000;

// `model` is { ort, session, card }: onnxruntime-web, which runs model.onnx, and model.json.
export async function recognise(recording, model, options) {
  const { least, smooth } = decided(options, model.card), people = options.window ? peopleOf : thoseInView, last = [], answers = [];
  for (const [start, end] of windows(recording.joints.frames, recording.fps, options)) {
    const clip = people(recording.shown(start, end));
    if (clip) last.push(await probabilities(model, clip));
    else last.length = 0;  // a mean begins anew behind nobody
    if (last.length > smooth) last.shift();
    const mean = clip ? last[0].map((_, place) => last.reduce((sum, row) => sum + row[place], 0) / last.length) : [];
    answers.push(answer(recording, start, end, mean, least, model.card));
  }
  return answers;
}

function decided({ threshold = "", smooth = "", window }, card) {
  const least = threshold === "" ? card.threshold ?? 0 : Number(threshold), count = smooth === "" ? 1 : Number(smooth);
  if (!(least >= 0 && least <= 1)) throw new Error(`threshold must be a number from 0 to 1, but is '${threshold}'`);
  if (!Number.isInteger(count) || count < 1 || count > MOST_WINDOWS) throw new Error(`smooth must be 1 to ${MOST_WINDOWS} windows, but is '${smooth}'`);
  if (count > 1 && !window) throw new Error(`smooth: ${count} windows are averaged, so it needs a window, such as 2s`);
  return { least, smooth: count };
}

// Probabilities of one clip; a number that is not finite would else make the first class the answer.
async function probabilities({ ort, session, card }, clip) {
  const data = tensor(clip, card);
  if (!data.every(Number.isFinite)) throw new Error("a joint is NaN or infinite");
  const input = new ort.Tensor("float32", data, [1, 3, card.frames, card.joints.length, card.bodies]);
  const scores = Array.from((await session.run({ clips: input }, ["scores"])).scores.data);
  if (!scores.every(Number.isFinite)) throw new Error("the network's answer is NaN or infinite");
  const most = Math.max(...scores), powers = scores.map(score => Math.exp((score - most) / card.temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map(power => power / sum);
}

function answer({ name, joints, fps }, start, end, probabilities, least, card) {
  const order = probabilities.map((_, place) => place).sort((a, b) => probabilities[b] - probabilities[a] || a - b).slice(0, 5);
  const best = order.length ? card.classes[order[0]] : null;
  return {
    clip: name, first_frame: start, last_frame: end - 1, start: start / fps, end: end / fps,
    bodies: peopleIn(joints, start, end), label: order.length && probabilities[order[0]] < least ? "unknown" : best,
    classes: Object.fromEntries(order.map(place => [card.classes[place], probabilities[place]])),
  };
}

// How many people are in these frames.
export function peopleIn(joints, start, end) {
  let count = 0;
  for (let body = 0; body < joints.bodies; body++)
    for (let frame = start; frame < end; frame++)
      if (inView(joints, frame, body)) { count++; break; }
  return count;
}
