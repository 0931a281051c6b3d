// For each case of the standard input, what the page would show the network: a window a tensor.
import { readFileSync } from "node:fs";
const { folder, cases } = JSON.parse(readFileSync(0, "utf8"));
const [clips, recordings, windows] = await Promise.all(["clip", "recording", "windows"].map(name => import(`${folder}/${name}.mjs`)));
console.log(JSON.stringify(cases.map(({ name, text, card, options }) => {
  try {
    const recording = recordings.readRecording(name, text, card, options);
    return windows.windows(recording.joints.frames, recording.fps, options).map(([start, end]) => ({
      start, end, bodies: clips.bodiesThere(clips.slice(recording.joints, start, end)).length,
      tensor: Array.from(clips.tensor(recording.shown(start, end), card)),
      yaw: windows.drawn(name, recording.shown(0, recording.joints.frames), 30, card).yaw,
    }));
  } catch (error) {
    return String(error.message);
  }
})));
