"""From a config to clips: every performance seen by every camera, as raw recordings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skeleton_data.ntu.name import NtuName
from skeleton_data.ntu.recording import RawClip
from skeleton_data.splits.protocols import NTU60_SUBJECTS
from skeleton_data.synthetic.catalogue import ACTIONS, NAMES
from skeleton_data.synthetic.config import SyntheticConfig
from skeleton_data.synthetic.keyframes import Floats
from skeleton_data.synthetic.performer import Performer
from skeleton_data.synthetic.sensor import Camera, observe
from skeleton_data.synthetic.stage import perform
from skeleton_data.synthetic.tracking import Track, track

CAMERA_YAWS = (0.0, -0.25 * np.pi, 0.25 * np.pi)
"""Where cameras 1, 2 and 3 stand round the scene, radians."""

SETUPS = 17
"""Number of camera setups, as many as NTU-60 has; each has its own height and distance of the cameras."""

PERFORMER, PARTNER, SETUP, PERFORMANCE, RECORDING = range(5)
"""First part of the keys of the random generators."""


def generate(config: SyntheticConfig) -> Iterator[tuple[NtuName, RawClip]]:
    """Generate the clips of a synthetic data set, class by class, performer by performer.

    All cameras see the same performance, each with its own noise. What a performance looks like depends on
    the seed, the name of its class, the performer, the repeat and the camera alone: more classes, subjects,
    views or repeats leave the clips that were there before unchanged.

    Args:
        config: What to generate.

    Yields:
        The name of a clip and the recording.

    Example:
        >>> config = SyntheticConfig(classes=("wave",), subjects=2, views=1, repeats=1)
        >>> [str(name) for name, _ in generate(config)]
        ['S002C001P001R001A001', 'S004C001P003R001A001']
    """
    for label, class_name in enumerate(config.class_names):
        number = NAMES.index(class_name)
        for subject in performer_numbers(config.subjects):
            performer = Performer.sample(_random(config, PERFORMER, subject))
            partner = Performer.sample(_random(config, PARTNER, subject))
            setup = 1 + subject % SETUPS
            for repeat in range(1, config.repeats + 1):
                key = (number, subject, repeat)
                generator = _random(config, PERFORMANCE, *key)
                people = perform(ACTIONS[number], performer, partner, config.frames, generator)
                for camera in range(1, config.views + 1):
                    generator = _random(config, RECORDING, *key, camera)
                    clip = _record(people, _camera(config, setup, camera), config, generator)
                    yield NtuName(setup, camera, subject, repeat, label + 1), clip


def performer_numbers(subjects: int) -> tuple[int, ...]:
    """Return the performers' numbers, half of them (rounded up) training subjects of NTU-60 X-Sub.

    Example:
        >>> performer_numbers(6)
        (1, 2, 3, 4, 6, 7)
    """
    others = [number for number in range(1, 41) if number not in NTU60_SUBJECTS]
    half = subjects // 2
    return tuple(sorted([*NTU60_SUBJECTS[: subjects - half], *others[:half]]))


def _random(config: SyntheticConfig, *key: int) -> np.random.Generator:
    """Return the generator for one thing, the same whatever else is drawn."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(config.seed, spawn_key=key)))


def _camera(config: SyntheticConfig, setup: int, camera: int) -> Camera:
    height, distance = _random(config, SETUP, setup, 0).uniform([0.8, 2.8], [1.5, 3.6])
    yaw, tilt, up, away = _random(config, SETUP, setup, camera).normal(0.0, [0.09, 0.05, 0.05, 0.1])
    return Camera(yaw=CAMERA_YAWS[camera - 1] + yaw, tilt=tilt, height=height + up, distance=distance + away)


def _record(
    people: list[Floats], camera: Camera, config: SyntheticConfig, generator: np.random.Generator
) -> RawClip:
    reports = observe([camera.view(person) for person in people], config.noise, generator)
    return _raw(track(reports, config, generator), len(people[0]))


def _raw(tracks: list[Track], frames: int) -> RawClip:
    """Return the tracks as records, frame by frame."""
    frame = np.concatenate([np.arange(item.start, item.start + len(item.joints)) for item in tracks])
    body = np.concatenate([np.full(len(item.joints), item.body) for item in tracks])
    joints = np.concatenate([item.joints for item in tracks])
    states = np.concatenate([item.states for item in tracks])
    order = np.argsort(frame, kind="stable")
    return RawClip(frames, frame[order], body[order], joints[order].astype(np.float32), states[order])
