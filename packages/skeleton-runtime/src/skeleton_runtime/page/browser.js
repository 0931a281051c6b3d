"use strict";
// The engine of the page without a server: onnxruntime-web runs model.onnx, and clip.mjs prepares for it what
// recording.mjs has read. It answers as POST /predict does.
const engine = (() => {
const here = new URL(".", document.currentScript.src);
const ready = load();
ready.catch(() => {});  // whoever waits for it is told

async function load() {
  const [ort, clips, recordings, windows, card] = await Promise.all([
    import(new URL("ort/ort.wasm.bundle.min.mjs", here)), import(new URL("clip.mjs", here)),
    import(new URL("recording.mjs", here)), import(new URL("windows.mjs", here)),
    fetch(new URL("model.json", here)).then(response => response.json()),
  ]);
  const weights = await fetch(new URL("model.onnx", here)).then(response => response.arrayBuffer());
  if (globalThis.crypto?.subtle) {
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", weights));
    const found = Array.from(sum, byte => byte.toString(16).padStart(2, "0")).join("");
    if (found !== card.sha256) throw new Error("model.onnx: damaged: its checksum is not the one in model.json");
  }
  ort.env.wasm.wasmPaths = { wasm: new URL("ort/ort-wasm-simd-threaded.wasm", here).href };
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(weights);
  return { ort, clips, recordings, windows, card, session };
}

async function card() { return (await ready).card; }

// Probabilities of one clip; a number that is not finite would else make the first class the answer.
async function probabilities({ ort, clips, card, session }, clip) {
  const data = clips.tensor(clip, card);
  if (!data.every(Number.isFinite)) throw new Error("a joint is NaN or infinite");
  const input = new ort.Tensor("float32", data, [1, 3, card.frames, card.joints.length, card.bodies]);
  const scores = Array.from((await session.run({ clips: input }, ["scores"])).scores.data);
  if (!scores.every(Number.isFinite)) throw new Error("the network's answer is NaN or infinite");
  const most = Math.max(...scores), powers = scores.map(score => Math.exp((score - most) / card.temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map(power => power / sum);
}

async function recognise(file, given) {
  const options = { ...given, fps: Number(given.fps || 0) };
  if (!(options.fps >= 0)) throw new Error(`fps: expected a number, found '${given.fps}'`);
  const loaded = await ready, { clips, card } = loaded;
  const recording = loaded.recordings.readRecording(file.name, await file.text(), card, options);
  const answers = [];
  for (const [start, end] of loaded.windows.windows(recording.joints.frames, recording.fps, options)) {
    const shown = recording.shown(start, end);
    const bodies = clips.bodiesThere(clips.slice(recording.joints, start, end)).length;
    const shares = bodies ? await probabilities(loaded, shown) : [];
    answers.push(loaded.windows.answer(recording, start, end, bodies, shares, card));
  }
  const whole = recording.shown(0, recording.joints.frames);
  return { answers, skeleton: loaded.windows.drawn(recording.name, whole, card.fps ?? recording.fps, card) };
}

return { card, recognise };
})();
