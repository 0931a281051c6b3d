"use strict";
// The engine of the page without a server: recording.mjs reads what is dropped on it, and answers.mjs has
// onnxruntime-web run model.onnx on its windows. It answers as POST /predict does.
const engine = (() => {
const here = new URL(".", document.currentScript.src);
const ready = load();
ready.catch(() => {});  // whoever waits for it is told

async function load() {
  const [ort, answers, recordings, windows, card] = await Promise.all([
    import(new URL("ort/ort.wasm.bundle.min.mjs", here)), import(new URL("answers.mjs", here)),
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
  return { ort, answers, recordings, windows, card, session };
}

async function card() { return (await ready).card; }

async function recognise(file, given) {
  const options = { ...given, fps: Number(given.fps || 0) };
  if (!(options.fps >= 0)) throw new Error(`fps: expected a number, found '${given.fps}'`);
  const model = await ready, { card } = model;
  const recording = model.recordings.readRecording(file.name, await file.text(), card, options);
  const answers = await model.answers.recognise(recording, model, options);
  const whole = recording.shown(0, recording.joints.frames);
  return { answers, skeleton: model.windows.drawn(recording.name, whole, card.fps ?? recording.fps, card) };
}

return { card, recognise };
})();
