// For each case of the standard input, what the page would show the network: a window a tensor, null of nobody. With
// `runtime`, the folder of onnxruntime-web, and `weights`, the file model.onnx: what it would answer.
import { readFileSync } from "node:fs";
const { folder, cases, runtime, weights } = JSON.parse(readFileSync(0, "utf8"));
const [clips, recordings, windows, answers] = await Promise.all(
  ["clip", "recording", "windows", "answers"].map(name => import(`${folder}/${name}.mjs`)));
let ort, session;
if (runtime) {
  ort = await import(`${runtime}/dist/ort.wasm.bundle.min.mjs`);
  ort.env.wasm.numThreads = 1;
  session = await ort.InferenceSession.create(readFileSync(weights));
}

function prepared(recording, name, card, options) {
  const yaw = windows.drawn(name, recording.shown(0, recording.joints.frames), 30, card)?.yaw;
  const people = options.window ? clips.peopleOf : clips.thoseInView;
  return windows.windows(recording.joints.frames, recording.fps, options).map(([start, end]) => {
    const clip = people(recording.shown(start, end));
    return { start, end, bodies: answers.peopleIn(recording.joints, start, end), tensor: clip && Array.from(clips.tensor(clip, card)), yaw };
  });
}

const told = [];
for (const { name, text, card, options } of cases)
  try {
    const recording = recordings.readRecording(name, text, card, options);
    told.push(session ? await answers.recognise(recording, { ort, session, card }, options) : prepared(recording, name, card, options));
  } catch (error) {
    told.push(String(error.message));
  }
console.log(JSON.stringify(told));
