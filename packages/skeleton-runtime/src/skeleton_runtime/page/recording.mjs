// Recordings that the page reads by itself: raw NTU `.skeleton`, tables of joints `.csv`, clips in `.json`. What it is not
// sure to read as `skeleton-data import` does, it refuses.
import { at, empty, present, resample, select, slice, thoseInView, trainingCoordinates } from "./clip.mjs";
import { readNtu } from "./ntu.mjs";

const SCALES = { m: 1, cm: 0.01, mm: 0.001 }, NTU_FPS = 30, MOST_FRAMES = 200_000;
const AXES = { y: [[0, 1], [1, 1], [2, 1]], "-y": [[0, 1], [1, -1], [2, -1]], z: [[0, 1], [2, 1], [1, -1]], "-z": [[0, 1], [2, -1], [1, 1]],
  x: [[1, -1], [0, 1], [2, 1]], "-x": [[1, 1], [0, -1], [2, 1]] };

const HEADS = ["head", "nose", "neck", "shoulder_center", "spine_shoulder", "thorax"];

// A recording: its joints, frames a second, and shown(start, end), those frames as the model knows clips.
export function readRecording(name, text, card, { fps, units = "auto", up = "auto" } = {}) {
  const stem = name.replace(/\.[^.]*$/, "");
  if (/\.skeleton$/i.test(name)) return ntu(stem, text, card);
  const read = /\.csv$/i.test(name) ? readTable : /\.json$/i.test(name) ? readClip : null;
  if (!read) throw new Error(`${name}: expected .skeleton, .csv or .json; \`skeleton-predict serve\` reads all other formats`);
  if (up === "auto" && card.turned.length)
    throw new Error(`files of the training had ${card.turned.join(" or ")} up: give up ${card.turned[0]}, or up y if y points up`);
  const found = read(text, card, units), rate = fps || found.fps || (read === readClip && (card.fps || NTU_FPS));
  if (!rate) throw new Error("it does not say its frames per second; give fps");
  const joints = upright(found.clip, SCALES[units] ?? 1, up === "auto" ? "y" : up);
  check(joints, card);
  return { name: stem, fps: rate, joints, shown: (start, end) => {
    const window = slice(joints, start, end);
    return trainingCoordinates(card.fps ? resample(window, rate, card.fps) : window, card.spine);
  } };
}

function ntu(name, text, card) {
  const joints = readNtu(text, card.cleaning ?? "reference"), numbers = jointNumbers(card.ntu, card.joints);
  const spine = card.cleaning === null ? null : [[1, 1]];
  return { name, fps: NTU_FPS, joints, shown: (start, end) => {
    const whole = end - start === joints.frames, window = slice(joints, start, end);
    const chosen = select(whole ? window : trainingCoordinates(window, spine), numbers);
    return card.fps ? resample(chosen, NTU_FPS, card.fps) : chosen;
  } };
}

// The words of a joint's name, sorted: `ElbowLeft`, `left_elbow` and `LElbow` are one joint.
export function jointKey(name) {
  const words = name.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+/g) ?? [];
  const known = { l: "left", r: "right", c: "center", centre: "center" };
  return words.map(word => known[word.toLowerCase()] ?? word.toLowerCase()).sort().join(" ");
}

function jointNumbers(names, wanted) {
  const keys = names.map(jointKey);
  if (keys.some(key => /\b(fore)?arm\b/.test(key))) throw new Error("its joints are called by limbs: use `skeleton-predict serve`");
  if (new Set(keys).size < keys.length) throw new Error("two of its joints have one name");
  return wanted.map(joint => {
    const place = keys.indexOf(jointKey(joint));
    if (place < 0) throw new Error(`the joint ${joint} of the model is not among ${names.slice(0, 8).join(", ")}, ...`);
    return place;
  });
}

// Columns NAME_x, NAME_y, NAME_z; a row is a frame of the one person.
function readTable(text, card, units) {
  if (text.includes('"')) throw new Error("a cell is quoted: use `skeleton-predict serve`");
  const [head, ...rows] = text.replace(/^\ufeff/, "").split(/\r?\n/).filter(line => line.trim()).map(line => line.split(",").map(cell => cell.trim()));
  const columns = new Map(), other = [];
  head.forEach((column, number) => {
    const found = /^(.+?)[_. :-]+([xyz])$/i.exec(column);
    if (!found) other.push([column.toLowerCase(), number]);
    else columns.set(found[1], { ...columns.get(found[1]), [found[2].toLowerCase()]: number });
  });
  const names = [...columns.keys()].filter(name => ["x", "y", "z"].every(axis => axis in columns.get(name)));
  if (!names.length || !rows.length) throw new Error("expected columns like HEAD_x, HEAD_y, HEAD_z, and a row a frame");
  for (const [column] of other)
    if (!["frame", "index"].includes(column)) throw new Error(`the column ${column}: use \`skeleton-predict serve\``);
  for (const [column, number] of other)
    rows.forEach((row, frame) => {
      if (Number(row[number]) !== Number(rows[0][number]) + frame) throw new Error(`${column} ${row[number]}: a frame is left out, or twice`);
    });
  if (units === "auto" && !/spine.?mid/i.test(names.join()))
    throw new Error("it does not say its units; give m, cm or mm");
  const clip = bounded(rows.length, 1, names.length);
  rows.forEach((row, frame) => names.forEach((name, joint) => "xyz".split("").forEach((axis, place) => {
    const cell = row[columns.get(name)[axis]];
    clip.xyz[at(clip, frame, 0, joint) + place] = cell === undefined || cell === "" ? NaN : Number(cell);
  })));
  return { clip: select(clip, jointNumbers(names, card.joints)) };
}

// {"clips": [...]}, of which the first is taken, (T, V, 3) or (T, M, V, 3), in the joints of the model.
function readClip(text, card) {
  const given = JSON.parse(text), joints = card.joints.length, first = given.clips?.[0];
  const rows = Array.isArray(first?.[0]?.[0]?.[0]) ? first : (first ?? []).map(frame => [frame]);
  const clip = bounded(rows.length, rows[0]?.length ?? 0, joints);
  rows.forEach((bodies, frame) => {
    const numbers = bodies.flat(2);
    if (bodies.length !== clip.bodies || bodies.some(body => body.length !== joints || body.some(joint => joint.length !== 3)))
      throw new Error(`frame ${frame}: expected ${clip.bodies} bodies of ${joints} joints of 3 numbers`);
    clip.xyz.set(numbers.map(number => typeof number === "number" ? number : NaN), at(clip, frame));
  });
  return { clip };
}

function bounded(frames, bodies, joints) {
  if (!frames || !bodies || frames > MOST_FRAMES || bodies > 16) throw new Error(`${frames} frames of ${bodies} people: expected 1 to ${MOST_FRAMES}, of 1 to 16`);
  return empty(frames, bodies, joints);
}

function upright(clip, scale, up) {
  const axes = AXES[up];
  if (!axes) throw new Error(`up ${up}: expected ${Object.keys(AXES).join(", ")}`);
  const turned = { ...clip, xyz: new Float32Array(clip.xyz.length) };
  for (let i = 0; i < clip.xyz.length; i++) turned.xyz[i] = axes[i % 3][1] * clip.xyz[i - i % 3 + axes[i % 3][0]] * scale;
  return turned;
}

// Nothing is missing, and bodies are those of people: the rules of an import, which would mend some of it.
function check(clip, card) {
  if (!thoseInView(clip)) return;  // the answer is "nobody"
  const extents = [], head = HEADS.map(name => card.joints.map(jointKey).indexOf(jointKey(name))).find(place => place >= 0);
  const lines = [0, 0, 0];
  let heads = 0;
  for (let frame = 0; frame < clip.frames; frame++)
    for (let body = 0; body < clip.bodies; body++) {
      if (!present(clip, frame, body)) continue;
      const row = clip.xyz.subarray(at(clip, frame, body), at(clip, frame, body) + 3 * clip.joints);
      for (let i = 0; i < row.length; i++)
        if (!Number.isFinite(row[i])) throw new Error(`frame ${frame}: joint ${Math.floor(i / 3)} was not measured; \`skeleton-predict serve\` fills gaps`);
      extents.push(measured(row, frame));
      if (head === undefined || !card.hips) continue;
      const line = [0, 1, 2].map(axis => row[3 * head + axis] - (row[3 * card.hips[0] + axis] + row[3 * card.hips[1] + axis]) / 2);
      const length = Math.hypot(...line);
      if (length > 0) { heads++; line.forEach((value, axis) => { lines[axis] += value / length; }); }
    }
  const sizes = extents.filter(extent => extent > 0).sort((a, b) => a - b);  // not of those in one point, whom a tracker has lost
  const size = sizes[Math.floor(sizes.length / 2)];
  if (card.hips && !(size >= 0.3 && size <= 5)) throw new Error(`a body measures ${size.toPrecision(3)} m, expected 0.3 to 5; give units`);
  if (-lines[1] > 0.5 * heads && -lines[1] >= Math.max(Math.abs(lines[0]), Math.abs(lines[2]))) throw new Error("heads are below hips; give up -y");
}

// The extent of a body; a joint at zero away from the others, or one of several, was lost by the tracker.
function measured(row, frame) {
  const zeros = [], low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < row.length; i += 3) {
    if (!row[i] && !row[i + 1] && !row[i + 2]) { zeros.push(i / 3); continue; }
    for (let axis = 0; axis < 3; axis++) {
      low[axis] = Math.min(low[axis], row[i + axis]);
      high[axis] = Math.max(high[axis], row[i + axis]);
    }
  }
  const size = Math.max(...high.map((value, axis) => value - low[axis]));
  const outside = low.some((value, axis) => value - size / 2 > 0 || high[axis] + size / 2 < 0);
  if (zeros.length > 1 || zeros.length && outside) throw new Error(`frame ${frame}: joint ${zeros[0]} is at zero, which is no measurement; \`skeleton-predict serve\` fills gaps`);
  return size;
}
