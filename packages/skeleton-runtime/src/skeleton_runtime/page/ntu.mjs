// Raw NTU recordings: the text, and the cleaning of skeleton_data.clean, "reference" and "true_frames".
import { at, bodiesThere, empty, present, shift, withBodies } from "./clip.mjs";

const JOINTS = 25, SPINE_MID = 1, MIN_FRAMES = 12, MAX_WIDTH = 0.8, MAX_NOISY = 0.69754;

export function readNtu(text, cleaning) {
  const { frames, records } = parse(text);
  if (!frames) throw new Error("there is no frame");
  const clip = records.some(record => record.xyz.some(number => number !== 0)) ? selectBodies(records, cleaning === "true_frames") : null;
  if (!clip) return empty(frames, 1, JOINTS);  // the answer is "nobody"
  const first = Array.from({ length: clip.frames }, (_, frame) => frame).find(frame => present(clip, frame, 0));
  if (first === undefined) throw new Error("all joints of the first body are zero in every frame");
  const begin = at(clip, first, 0, SPINE_MID);
  shift(clip, clip.xyz.slice(begin, begin + 3), clip.bodies === 1 && cleaning !== "true_frames");
  return bodiesThere(clip).includes(1) ? clip : withBodies(clip, [0]);
}

function parse(text) {
  const lines = text.trimEnd().split(/\r?\n/), records = [];
  let line = 0, frames = 0;
  const fail = wanted => { throw new Error(`line ${line}: expected ${wanted}`); };
  const count = wanted => {
    const found = (lines[line++] ?? "").trim();
    return /^\d{1,9}$/.test(found) ? Number(found) : fail(wanted);
  };
  frames = count("the number of frames");
  for (let frame = 0; frame < frames; frame++)
    for (let left = count("the number of bodies"); left > 0; left--) {
      const body = (lines[line++] ?? "").trim().split(/\s+/)[0] || fail("a body");
      if (count("the number of joints") !== JOINTS) fail(`${JOINTS} joints`);
      const xyz = new Float32Array(3 * JOINTS);
      for (let joint = 0; joint < JOINTS; joint++) {
        const numbers = (lines[line++] ?? "").trim().split(/\s+/).slice(0, 3).map(Number);
        if (numbers.length < 3 || !numbers.every(number => Math.abs(number) < 1e6)) fail("a joint");
        xyz.set(numbers, 3 * joint);
      }
      records.push({ frame, body, xyz });
    }
  if (line !== lines.length) fail("the end of the file");
  return { frames, records };
}

function selectBodies(records, trueFrames) {
  const seen = [...new Set(records.map(record => record.frame))], rank = new Map(seen.map((frame, place) => [frame, place]));
  const place = record => trueFrames ? record.frame - seen[0] : rank.get(record.frame);
  const byBody = new Map();
  for (const record of records) byBody.set(record.body, [...(byBody.get(record.body) ?? []), record]);
  let tracks = [...byBody.values()].map(own => {
    const begin = place(own[0]), frames = own.map((record, number) => trueFrames ? place(record) : begin + number);
    if (new Set(frames).size < frames.length) throw new Error("a body is twice in a frame");
    return { frames, rows: own.map(record => record.xyz), motion: motion(own.map(record => record.xyz)) };
  });
  const count = place(records[records.length - 1]) + 1, ids = tracks.length;
  if (tracks.some(track => track.frames[track.frames.length - 1] >= count)) throw new Error("a body is in too many frames");
  if (ids > 1) tracks = withoutNoisy(tracks.filter(track => track.rows.length >= MIN_FRAMES));
  if (!tracks.length) return null;  // none of them is seen long enough to be a person
  tracks.sort((a, b) => b.motion - a.motion);
  const assigned = trueFrames ? assignTrue(tracks, count) : ids === 1 ? put(empty(count, 1, JOINTS), tracks[0], 0) : assign(tracks, count);
  return trueFrames || ids > 1 ? kept(assigned, trueFrames) : assigned;
}

// Variance of the coordinates over all frames and joints.
function motion(rows) {
  let sum = 0;
  for (let axis = 0; axis < 3; axis++) {
    const values = rows.flatMap(row => Array.from(row).filter((_, i) => i % 3 === axis));
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    sum += values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  }
  return sum;
}

function withoutNoisy(tracks) {
  const left = [];
  for (const track of tracks) {
    if (!left.length && track === tracks[tracks.length - 1]) return [track];
    const noisy = track.rows.map(row => extent(row, 0) > MAX_WIDTH * extent(row, 1));
    if (noisy.filter(Boolean).length / noisy.length >= MAX_NOISY) continue;
    const clean = track.rows.filter((_, number) => !noisy[number]);
    left.push(clean.length < track.rows.length ? { ...track, motion: Math.min(track.motion, motion(clean)) } : track);
  }
  return left;
}

function extent(row, axis) {
  const values = Array.from(row).filter((_, i) => i % 3 === axis);
  return Math.max(...values) - Math.min(...values);
}

function put(clip, track, actor) {
  track.frames.forEach((frame, number) => clip.xyz.set(track.rows[number], at(clip, frame, actor)));
  return clip;
}

function assign([first, ...others], count) {
  const clip = put(empty(count, others.length ? 2 : 1, JOINTS), first, 0);
  const spans = [[first.frames[0], first.frames[first.frames.length - 1]], [0, 0]];
  for (const track of others) {
    const [begin, end] = [track.frames[0], track.frames[track.frames.length - 1]];
    const actor = spans.findIndex(([start, last]) => Math.min(last, end) <= Math.max(start, begin));
    if (actor < 0) continue;
    put(clip, track, actor);
    spans[actor] = [Math.min(spans[actor][0], begin), Math.max(spans[actor][1], end)];
  }
  return clip;
}

function assignTrue(tracks, count) {
  const clip = empty(count, Math.min(tracks.length, 2), JOINTS), taken = [new Set(), new Set()];
  clip.taken = new Set();
  for (const track of tracks) {
    const actor = taken.slice(0, clip.bodies).findIndex(frames => !track.frames.some(frame => frames.has(frame)));
    if (actor < 0) continue;
    put(clip, track, actor);
    for (const frame of track.frames) { taken[actor].add(frame); clip.taken.add(frame); }
  }
  return clip;
}

// Without frames that nobody is in; where frames keep their numbers, only those at the ends go.
function kept(clip, trueFrames) {
  const all = Array.from({ length: clip.frames }, (_, frame) => frame);
  const there = all.filter(frame => trueFrames ? clip.taken.has(frame) : present(clip, frame, 0) || clip.bodies > 1 && present(clip, frame, 1));
  const frames = trueFrames ? all.slice(there[0], there[there.length - 1] + 1) : there;
  const short = empty(frames.length, clip.bodies, clip.joints);
  frames.forEach((frame, place) => short.xyz.set(clip.xyz.subarray(at(clip, frame), at(clip, frame + 1)), at(short, place)));
  return short;
}
