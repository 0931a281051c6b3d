// What a clip goes through before the network sees it: the steps of skeleton_data.sample_clips, and of what comes before
// it, held together by a test. A clip is { frames, bodies, joints, xyz }, xyz in the order (T, M, V, 3), metres, y up;
// an absent body is all zero. `card` is model.json.

export const at = (clip, frame, body = 0, joint = 0) => ((frame * clip.bodies + body) * clip.joints + joint) * 3;

export function empty(frames, bodies, joints) {
  return { frames, bodies, joints, xyz: new Float32Array(frames * bodies * joints * 3) };
}

export function present(clip, frame, body) {
  const begin = at(clip, frame, body), end = begin + clip.joints * 3;
  for (let i = begin; i < end; i++) if (clip.xyz[i] !== 0) return true;
  return false;
}

// Whether a body is there: some joints are not at zero, and those do not all lie in one point (skeleton_data.in_view).
export function inView(clip, frame, body) {
  const begin = at(clip, frame, body), measured = [];
  for (let i = begin; i < begin + 3 * clip.joints; i += 3) if (clip.xyz[i] || clip.xyz[i + 1] || clip.xyz[i + 2]) measured.push(i);
  return measured.length === 1 || measured.some(i => [0, 1, 2].some(axis => clip.xyz[i + axis] !== clip.xyz[measured[0] + axis]));
}

// The clip without the bodies that never come, or null of nobody.
export function thoseInView(clip) {
  const there = [];
  for (let body = 0; body < clip.bodies; body++)
    for (let frame = 0; frame < clip.frames; frame++)
      if (inView(clip, frame, body)) { there.push(body); break; }
  return there.length ? withBodies(clip, there) : null;
}

// The same of a window, in a quarter of whose frames at least somebody must be (skeleton_runtime.windows.people_in).
export function peopleOf(window) {
  let seen = 0;
  for (let frame = 0; frame < window.frames; frame++)
    for (let body = 0; body < window.bodies; body++)
      if (inView(window, frame, body)) { seen++; break; }
  return seen >= 0.25 * window.frames ? thoseInView(window) : null;
}

export function slice(clip, start, end) {
  return { ...clip, frames: end - start, xyz: clip.xyz.slice(at(clip, start), at(clip, end)) };
}

// Only some joints, each by its number in the clip.
export function select(clip, numbers) {
  const chosen = empty(clip.frames, clip.bodies, numbers.length);
  for (let row = 0; row < clip.frames * clip.bodies; row++)
    numbers.forEach((joint, place) => {
      const from = (row * clip.joints + joint) * 3;
      chosen.xyz.set(clip.xyz.subarray(from, from + 3), (row * numbers.length + place) * 3);
    });
  return chosen;
}

export function bodiesThere(clip) {
  const there = [];
  for (let body = 0; body < clip.bodies; body++)
    for (let frame = 0; frame < clip.frames; frame++)
      if (present(clip, frame, body)) { there.push(body); break; }
  return there;
}

export function withBodies(clip, bodies) {
  const chosen = empty(clip.frames, bodies.length, clip.joints);
  for (let frame = 0; frame < clip.frames; frame++)
    bodies.forEach((body, place) => {
      const from = at(clip, frame, body);
      chosen.xyz.set(clip.xyz.subarray(from, from + 3 * clip.joints), at(chosen, frame, place));
    });
  return chosen;
}

// Linear in time; a body that is absent in one of two frames is taken from the nearer one.
export function resample(clip, fps, wanted) {
  if (Math.abs(fps - wanted) <= 1e-8 + 1e-3 * wanted) return clip;
  const last = clip.frames - 1, frames = Math.trunc(last * wanted / fps + 1e-3) + 1;
  const result = empty(frames, clip.bodies, clip.joints), size = 3 * clip.joints;
  for (let frame = 0; frame < frames; frame++) {
    const time = frame * (fps / wanted), before = Math.min(Math.floor(time + 1e-6), last), after = Math.min(before + 1, last);
    const weight = Math.fround(Math.min(Math.max(time - before, 0), 1));
    for (let body = 0; body < clip.bodies; body++) {
      const [a, b, to] = [at(clip, before, body), at(clip, after, body), at(result, frame, body)];
      const both = present(clip, before, body) && present(clip, after, body);
      for (let i = 0; i < size; i++)
        result.xyz[to + i] = both ? clip.xyz[a + i] + weight * (clip.xyz[b + i] - clip.xyz[a + i]) : clip.xyz[(weight < 0.5 ? a : b) + i];
    }
  }
  return result;
}

// The place of a joint, or of a mean of joints, of body 0 in the first frame in which it is there, becomes the origin.
export function trainingCoordinates(clip, weights) {
  const there = bodiesThere(clip);
  if (weights === null || !there.length) return clip;
  const moved = withBodies(clip, there);
  let first = 0;
  while (!present(moved, first, 0)) first++;
  const place = [0, 0, 0];
  for (const [joint, weight] of weights)
    for (let axis = 0; axis < 3; axis++) place[axis] += weight * moved.xyz[at(moved, first, 0, joint) + axis];
  return shift(moved, place);
}

export function shift(clip, place, absent = false) {
  for (let frame = 0; frame < clip.frames; frame++)
    for (let body = 0; body < clip.bodies; body++)
      if (absent || present(clip, frame, body))
        for (let i = 0, begin = at(clip, frame, body); i < 3 * clip.joints; i++) clip.xyz[begin + i] -= place[i % 3];
  return clip;
}

// (C=3, T, V, M) of a clip, as the network takes it.
export function tensor(clip, card) {
  const { joints, presence } = blended(clip, card);
  if (card.origin === "first_frame") moveOrigin(joints, presence, card.centre);
  if (card.face_forward) turn(joints, card);
  const shown = toStream(joints, card), size = card.frames * card.joints.length * card.bodies;
  const data = new Float32Array(3 * size);
  for (let frame = 0, to = 0; frame < card.frames; frame++)
    for (let joint = 0; joint < card.joints.length; joint++)
      for (let body = 0; body < card.bodies; body++, to++)
        for (let axis = 0; axis < 3; axis++) data[axis * size + to] = shown.xyz[at(shown, frame, body, joint) + axis];
  return data;
}

function blended(clip, card) {
  const start = Math.trunc((1 - card.test_crop) * clip.frames / 2), length = clip.frames - 2 * start;
  const joints = empty(card.frames, card.bodies, clip.joints), presence = new Float32Array(card.frames * card.bodies);
  const scale = Math.fround(length / card.frames);
  for (let frame = 0; frame < card.frames; frame++) {
    const position = Math.max(0, Math.fround(scale * (frame + 0.5) - 0.5)), low = Math.floor(position);
    const fraction = Math.fround(position - low);
    for (const [from, weight] of [[low, 1 - fraction], [Math.min(low + 1, length - 1), fraction]])
      for (let body = 0; body < Math.min(card.bodies, clip.bodies); body++) {
        if (!present(clip, start + from, body)) continue;
        presence[frame * card.bodies + body] += weight;
        const [a, to] = [at(clip, start + from, body), at(joints, frame, body)];
        for (let i = 0; i < 3 * clip.joints; i++) joints.xyz[to + i] += Math.fround(clip.xyz[a + i] * weight);
      }
  }
  return { joints, presence };
}

function firstFrame(clip) {
  for (let frame = 0; frame < clip.frames; frame++) if (present(clip, frame, 0)) return frame;
  return 0;
}

function moveOrigin(joints, presence, centre) {
  const first = firstFrame(joints), begin = at(joints, first, 0, centre);
  const place = Array.from(joints.xyz.subarray(begin, begin + 3), value => value / (presence[first * joints.bodies] || 1));
  for (let row = 0; row < joints.frames * joints.bodies; row++)
    for (let i = 0; i < 3 * joints.joints; i++) joints.xyz[row * 3 * joints.joints + i] -= place[i % 3] * presence[row];
}

function turn(joints, { shoulders, hips }) {
  const first = firstFrame(joints), of = joint => at(joints, first, 0, joint), line = [0, 0];
  for (const [left, right] of [shoulders, hips])
    [0, 2].forEach((axis, place) => { line[place] += joints.xyz[of(left) + axis] - joints.xyz[of(right) + axis]; });
  const length = Math.hypot(...line);
  const [cos, sin] = length > 1e-6 ? [line[0] / length, line[1] / length] : [1, 0];
  for (let i = 0; i < joints.xyz.length; i += 3) {
    const [x, z] = [joints.xyz[i], joints.xyz[i + 2]];
    joints.xyz[i] = cos * x + sin * z;
    joints.xyz[i + 2] = cos * z - sin * x;
  }
}

function toStream(joints, card) {
  const shown = { ...joints, xyz: joints.xyz.slice() }, row = 3 * joints.joints;
  if (card.stream.startsWith("bone"))
    for (let i = 0; i < shown.xyz.length; i++) {
      const joint = Math.floor(i % row / 3), above = card.parents[joint];
      shown.xyz[i] -= joints.xyz[i + 3 * ((above < 0 ? joint : above) - joint)];
    }
  if (card.stream.endsWith("motion")) {
    const step = row * joints.bodies;
    for (let i = 0; i < shown.xyz.length; i++) shown.xyz[i] = i + step < shown.xyz.length ? shown.xyz[i + step] - shown.xyz[i] : 0;
  }
  return shown;
}
