"""CrosSCLR: contrast within views of a skeleton, then across them."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from ..augment.noise import NoiseSource
from ..augment.normal import NormalAugmentation
from ..losses.crossclr import View, crossclr
from ..losses.info_nce import info_nce
from .config import CrosSCLRConfig, ViewName
from .moco import MoCo
from .output import ContrastOutput
from .views import view_of


class CrosSCLR(nn.Module):
    """Cross-view contrastive learning of skeletons (Li et al., 2021).

    Joints, their motion and bones each have an encoder and a queue. At first each view contrasts for itself;
    then a clip's neighbours in one view are positive in the others.

    Differences from the published code: while positives are mined, all key encoders keep moving, where it
    moves that of the motion view alone (`published_behaviour` repeats it); each view has a projection head
    of its own, where two of them share layers of the first; key encoders begin as copies, where they begin
    with other random weights.

    Args:
        encoders: For each view of the config an encoder of clips `(N, C, T, V, M)` to features `(N, F)`; they
            become part of this module.
        config: The choices.
        features: Channels of the features, d.
        generator: Draws the first keys of the queues; processes must give it the same seed.

    Attributes:
        encoders: What is trained, and kept, by view.
        moco: Momentum contrast of each view.

    Raises:
        ValueError: If the encoders are not those of the views.

    Example:
        >>> from skeleton_baselines import STGCN, CrosSCLRConfig, STGCNConfig
        >>> config = CrosSCLRConfig(moco={"queue_size": 16})
        >>> encoders = {view: STGCN(STGCNConfig(width=2, num_features=8)) for view in config.views}
        >>> random = torch.Generator().manual_seed(0)
        >>> model = CrosSCLR(encoders, config, features=8, generator=random)
        >>> output = model(torch.randn(4, 3, 12, 25, 2), generator=random, mine=True)
        >>> output.loss.shape, [*output.terms]
        (torch.Size([]), ['joint', 'motion', 'bone'])
    """

    def __init__(
        self,
        encoders: Mapping[str, nn.Module],
        config: CrosSCLRConfig,
        *,
        features: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        if set(encoders) != set(config.views):
            raise ValueError(f"encoders must be those of the views {config.views}, got {tuple(encoders)}")
        self.config = config
        self.augment = NormalAugmentation(config.augmentation, config.flat)
        self.moco = nn.ModuleDict(
            {
                view: MoCo(encoders[view], config.moco, features=features, generator=generator)
                for view in config.views
            }
        )

    @property
    def encoders(self) -> dict[str, nn.Module]:
        """What is trained, and kept, by view."""
        return {view: self._moco(view).encoder for view in self.config.views}

    def forward(self, x: Tensor, *, generator: NoiseSource, mine: bool = False) -> ContrastOutput:
        """Contrast two augmentations of each clip; in training mode, key encoders and queues go on.

        Args:
            x: Joints of clips `(N, 3, T, V, M)`.
            generator: Draws the augmentations.
            mine: Whether to mine positives across views: the second stage.

        Returns:
            The loss, the sum over views, and the terms of the views by their names.
        """
        with torch.autocast(x.device.type, enabled=False):  # half a float does not tell millimetres apart
            first, second = (self.augment(x, generator=generator) for _ in range(2))
        views: dict[str, View] = {
            name: self._compare(name, first, second, mine=mine) for name in self.config.views
        }
        tau = self.config.moco.temperature
        if mine:
            terms = crossclr(views, top=self.config.top, context=self.config.context, temperature=tau)
        else:
            terms = {name: info_nce(*view, temperature=tau) for name, view in views.items()}
        if self.training:
            for name in self.config.views:
                self._moco(name).queue.push(views[name].key)
        loss = torch.stack([*terms.values()]).sum()
        return ContrastOutput(loss, {name: term.detach() for name, term in terms.items()})

    def _compare(self, name: ViewName, first: Tensor, second: Tensor, *, mine: bool) -> View:
        moco = self._moco(name)
        shown = partial(view_of, view=name, bones=self.config.bones, flat=self.config.flat)
        query = moco.query(shown(first))
        stands = mine and self.config.published_behaviour and name != "motion"
        if self.training and not stands:
            moco.follow()
        # The queue goes on before the gradient is computed from what it was.
        return View(query, moco.key(shown(second)), moco.queue.keys.clone())

    def _moco(self, view: ViewName) -> MoCo:
        moco = self.moco[view]
        assert isinstance(moco, MoCo)
        return moco
