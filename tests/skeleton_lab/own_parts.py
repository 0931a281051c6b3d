"""Parts of one's own, as a project that uses the packages writes them; recipes of tests name them."""

import numpy as np
import torch
from torch import nn

from skeleton_data import layout
from skeleton_mask import Mask, clip_noise


class JointMLP(nn.Module):
    """An encoder: each joint by itself."""

    token_frames = 1

    def __init__(self, joints, width=16):
        super().__init__()
        self.num_features = width
        self.positions = nn.Parameter(torch.zeros(joints, width))
        self.embed = nn.Linear(3, width)
        self.mlp = nn.Sequential(nn.LayerNorm(width), nn.GELU(), nn.Linear(width, width))

    def encode_visible(self, x, visible):
        return self.mlp((self.embed(x) + self.positions)[visible])


class FillDecoder(nn.Module):
    """A decoder: a linear map of what is visible, its bias elsewhere."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.predict = nn.Linear(in_channels, out_channels)

    def forward(self, tokens, mask):
        return self.predict(mask.scatter(tokens.unflatten(0, (mask.shape[0], -1))))


class OneFrame:
    """A mask: all frames but some, the same for all joints."""

    def __init__(self, frames=1):
        self.frames = frames

    def sample(self, shape, generator, joints_xyz):
        bodies, times, joints = shape
        order = clip_noise((bodies, times), generator).argsort(1).argsort(1)
        return Mask((order < self.frames)[..., None].expand(shape), self.frames * joints)


class Waves:
    """A data set: arms that swing, slowly or fast."""

    layout = layout("kinect_v1")
    class_names = ("slow", "fast")

    def __init__(self, clips=24):
        self.clips = clips

    def __len__(self):
        return self.clips

    def __getitem__(self, clip):
        rng = np.random.default_rng(clip)
        joints = rng.normal(0, 0.02, (20 + clip % 5, 1, 20, 3)) + np.linspace(0, 1.7, 20)[:, None]
        joints[:, 0, 5:12, 0] += np.sin(np.arange(len(joints)) * (0.2, 0.8)[clip % 2])[:, None]
        return {"joints": joints, "label": clip % 2, "subject": 1 + clip // 2 % 6}


class NoClips:
    def __len__(self):
        return 3


class NoLength(Waves):
    def __len__(self):
        return 1 // 0


class NoStart(Waves):
    def __init__(self):
        raise RuntimeError("disk is gone")


class NoItem(Waves):
    def __getitem__(self, clip):
        return {}["joints"]


class NoWayToSave:
    token_frames, num_features = 1, 3

    def encode_visible(self, x, visible):
        return x[visible]


class NoModule(NoWayToSave):
    def state_dict(self):
        return {}


class Thirds(JointMLP):
    token_frames = 3


class NoFrames(JointMLP):
    token_frames = 0


class Tied(JointMLP):
    def __init__(self, joints):
        super().__init__(joints)
        self.tied = self.embed.weight


class Sparse(JointMLP):
    def __init__(self, joints):
        super().__init__(joints)
        self.register_buffer("graph", torch.eye(joints).to_sparse())


class ExtraState(JointMLP):
    def get_extra_state(self):
        return {"epochs": 3}


class OneRow(JointMLP):
    def encode_visible(self, x, visible):
        return super().encode_visible(x, visible)[:1]


class ShapelessMask:
    def sample(self, shape, generator, joints_xyz):
        return torch.ones(shape, dtype=torch.bool)
