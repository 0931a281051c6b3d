"""STTFormer, from clips to class scores."""

from collections.abc import Sequence
from typing import Any

import torch
from einops import rearrange, reduce
from torch import Tensor, nn
from torch._compile import _disable_dynamo
from torch.nn import functional as F

from .block import STTFormerBlock
from .bodies import distinct_bodies
from .classifier import PooledClassifier
from .config import STTFormerConfig
from .grid import DenseGrid, TokenGrid
from .norm import Repeated, TokenBatchNorm
from .tracing import is_transformed
from .visible_grid import VisibleGrid


class STTFormer(
    PooledClassifier,
    library_name="sttformer",
    tags=["skeleton-action-recognition"],
    coders={
        STTFormerConfig: (lambda config: config.model_dump(mode="json"), lambda data: STTFormerConfig(**data))
    },
):
    """Spatio-temporal tuples transformer (Qiu et al., "Spatio-Temporal Tuples Transformer", 2022).

    Frames are divided into tuples; blocks attend within tuples and aggregate between them; tokens and bodies
    are averaged and classified.

    Differences from the paper: none in outputs, gradients or statistics, which equal the published code;
    `pool="by_joint"` is an addition.
    Bodies that are absent (all zero) are computed once for the whole batch and counted as often as they
    occur, in BatchNorm too, because all of them have the same activations; not where clips require a
    gradient, which absent bodies have too. `encode_visible` extends the published model to masked
    sequences; see `VisibleGrid` for its definition. Second derivatives and `torch.func` take plain products,
    which need more memory; for many derivatives at once take `torch.func`, not the `vectorize=True` of
    `torch.autograd.functional`. In training mode torch's BatchNorm has no place in `torch.func`, unless
    `torch.func.replace_all_batch_norm_modules_` takes its running statistics away.

    Args:
        config: The shape of the model.

    Example:
        >>> config = STTFormerConfig(width=8, blocks=[(8, 2), (16, 4)], tuple_frames=5, num_classes=60)
        >>> model = STTFormer(config)
        >>> model(torch.randn(2, 3, 20, 25, 2)).shape
        torch.Size([2, 60])
    """

    token_frames = 1
    """Frames of a joint that a token stands for."""
    _at: Tensor | None

    def __init__(self, config: STTFormerConfig) -> None:
        super().__init__()
        self.config = config
        at = config.slots_in_clip
        self.register_buffer("_at", None if at is None else torch.tensor(at), persistent=False)
        self.embed = nn.Linear(config.channels, config.width)
        self.embed_norm = TokenBatchNorm(config.width)
        widths = [config.width, *(channels for channels, _ in config.blocks)]
        self.blocks = nn.ModuleList(
            STTFormerBlock(
                in_channels,
                out_channels,
                qk_channels,
                heads=config.heads,
                slots=config.slots,
                slot_kernel=config.slot_kernel,
                tuple_kernel=config.tuple_kernel,
                attention_dropout=config.attention_dropout,
            )
            for in_channels, (out_channels, qk_channels) in zip(widths[:-1], config.blocks, strict=True)
        )
        self.apply(init_weights)
        self.reset_classifier(config.num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return class scores (N, K) of clips (N, C, T, V, M); pooled features (N, F) if there is no head."""
        rows, grid, owner = self._lay_out(x)
        kept = "b (v c)" if self.config.pool == "by_joint" else "b c"
        bodies = reduce(grid.tokens(self._encode(rows, grid)), f"b t v c -> {kept}", "mean")[owner]
        return self.classify(reduce(bodies, "(n m) f -> n f", "mean", m=x.shape[4]))

    def forward_features(self, x: Tensor) -> Tensor:
        """Return token features (N, C', T, V, M) of clips (N, C, T, V, M)."""
        rows, grid, owner = self._lay_out(x)
        tokens = grid.tokens(self._encode(rows, grid))[owner]
        return rearrange(tokens, "(n m) t v c -> n c t v m", m=x.shape[4])

    def forward_intermediates(
        self,
        x: Tensor,
        indices: int | Sequence[int] | None = None,
        *,
        norm: bool = False,
        stop_early: bool = False,
        output_fmt: str = "NCHW",
        intermediates_only: bool = False,
    ) -> list[Tensor] | tuple[Tensor, list[Tensor]]:
        """Return token features behind several blocks, with timm's arguments.

        Args:
            x: Clips (N, C, T, V, M).
            indices: Numbers of the blocks, negative ones from the end; the last ones if a number; or all.
            norm: Without effect: the blocks end in a normalisation of their own.
            stop_early: Leave out the blocks behind the last one wanted.
            output_fmt: Channels first, (N, C', T, V, M); nothing else is known.
            intermediates_only: Do not return the last block's features apart.

        Returns:
            A list of (N, C', T, V, M); or the features of the last block that ran, and that list.

        Raises:
            ValueError: If there is no such block, or the format is another.
        """
        if output_fmt != "NCHW":
            raise ValueError(f"output_fmt must be NCHW, channels first, got {output_fmt!r}")
        wanted = self._block_numbers(indices)
        rows, grid, owner = self._lay_out(x)
        rows, taken = self._embed(rows, grid), {}
        for number, block in enumerate(self.blocks):
            if number > max(wanted) and (stop_early or intermediates_only):
                break
            rows = block(rows, grid)
            if number in wanted or number == len(self.blocks) - 1:
                tokens = grid.tokens(rows)[owner]
                taken[number] = rearrange(tokens, "(n m) t v c -> n c t v m", m=x.shape[4])
        features = [taken[number] for number in wanted]
        return features if intermediates_only else (taken[max(taken)], features)

    @property
    def feature_info(self) -> list[dict[str, Any]]:
        """Channels and name of each block, in timm's words."""
        return [
            {"num_chs": channels, "module": f"blocks.{number}", "reduction": 1}
            for number, (channels, _) in enumerate(self.config.blocks)
        ]

    def no_weight_decay(self) -> set[str]:
        """Return parameters that weight decay leaves alone: the scales and biases of attention maps."""
        return {name for name, _ in self.named_parameters() if name.endswith(("alpha", "attention_bias"))}

    def encode_visible(self, x: Tensor, visible: Tensor) -> Tensor:
        """Encode the visible tokens of bodies; nothing else is computed, or can be seen.

        Args:
            x: Joints (B, T, V, C) of bodies.
            visible: Boolean (B, T, V).

        Returns:
            Rows (P, C') of the P visible tokens, in the order of `visible.flatten().nonzero()`.

        Raises:
            ValueError: If shapes do not fit, nothing is visible, or a visible joint is not finite; in
                training also if one joint alone is visible, of which BatchNorm has no variance.
        """
        self._check(x.shape[1:])
        if visible.shape != x.shape[:3] or visible.dtype != torch.bool:
            raise ValueError(
                f"visible must be boolean {tuple(x.shape[:3])}, got {visible.dtype} {tuple(visible.shape)}"
            )
        if self.config.joint_indices is None:
            return self._encode(*self._lay_out_visible(x, visible))
        at, count = torch.tensor(self.config.joint_indices, device=x.device), self.config.skeleton_joints
        whole, shown = (
            each.new_zeros(*each.shape[:2], count, *each.shape[3:]).index_copy(2, at, each)
            for each in (x, visible)
        )
        number = (shown.flatten().cumsum(0) - 1).view(shown.shape)[:, :, at]  # of the row of each token
        return self._encode(*self._lay_out_visible(whole, shown))[number[visible]]

    # torch.compiler.disable imports the compiler when it decorates, in seconds; this does when called.
    @_disable_dynamo
    def _lay_out_visible(self, x: Tensor, visible: Tensor) -> tuple[Tensor, VisibleGrid]:
        """Return rows (P, C) of the visible joints and their grid, whose size no compiled graph can know."""
        if not visible.any():
            raise ValueError(f"visible must hold a visible joint, all {visible.numel()} are masked")
        config = self.config
        grid = VisibleGrid(visible, tuple_frames=config.tuple_frames, packed=config.tuples == "packed")
        grid.prepare(heads=config.heads, slot_kernel=config.slot_kernel, tuple_kernel=config.tuple_kernel)
        rows = grid.rows(x)
        _check_finite(rows)
        if self.training and len(rows) == 1 and not self.embed_norm.synchronised:
            raise ValueError(
                "visible must hold two visible joints in training, of one BatchNorm has no variance"
            )
        return rows, grid

    def _embed(self, rows: Tensor, grid: TokenGrid) -> Tensor:
        return F.leaky_relu_(self.embed_norm(self.embed(rows), grid.repeated), 0.1)

    def _encode(self, rows: Tensor, grid: TokenGrid) -> Tensor:
        rows = self._embed(rows, grid)
        for block in self.blocks:
            rows = block(rows, grid)
        return rows

    def _lay_out(self, x: Tensor) -> tuple[Tensor, DenseGrid, Tensor | slice]:
        """Map clips (N, C, T, V, M) to rows of distinct bodies, their grid, and the place of each (N M)."""
        if x.ndim != 5:
            raise ValueError(f"x must be (N, C, T, V, M), got shape {tuple(x.shape)}")
        if not x.shape[4]:
            raise ValueError("the clip has 0 bodies; a clip without anybody has one body of zeros")
        bodies = rearrange(x, "n c t v m -> (n m) t v c")
        self._check(bodies.shape[1:])
        _check_finite(bodies)
        bodies, owner, repeated = self._distinct(bodies)
        sizes = {"tuple_frames": self.config.tuple_frames, "all_slots": self.config.slots}
        grid = DenseGrid(*bodies.shape[:3], **sizes, repeated=repeated, at=self._at)
        return grid.rows(bodies), grid, owner

    def _distinct(self, bodies: Tensor) -> tuple[Tensor, Tensor | slice, Repeated | None]:
        """Keep one of the absent (all zero) bodies (B, T, V, C), the last; say for each where it went."""
        everyone = slice(None)
        differ = self.training and self.config.attention_dropout > 0
        if differ or bodies.requires_grad or is_transformed():  # each absent body has a gradient of its own
            return bodies, everyone, None
        kept, owner, copies = distinct_bodies(bodies)
        if copies < 2:
            return bodies, everyone, None
        return kept, owner, Repeated(rows=kept[0, ..., 0].numel(), copies=copies)

    def _block_numbers(self, indices: int | Sequence[int] | None) -> list[int]:
        """Return numbers from 0 of the blocks that are meant."""
        depth = len(self.blocks)
        if indices is None or isinstance(indices, int):
            indices = range(-(indices or depth), 0)
        if not all(-depth <= index < depth for index in indices):
            raise ValueError(f"indices must be blocks of a model of {depth}, got {list(indices)}")
        return [index % depth for index in indices]

    def _check(self, shape: torch.Size) -> None:
        """Check the frames, joints and channels (T, V, C) of the input."""
        frames, joints, channels = shape
        if joints != self.config.joints:
            raise ValueError(f"the clip has {joints} joints, the model {self.config.joints}")
        if channels != self.config.channels:
            raise ValueError(f"the clip has {channels} channels, the model {self.config.channels}")
        if frames == 0 or frames % self.config.tuple_frames:
            raise ValueError(
                f"the clip has {frames} frames, not a multiple of tuple_frames={self.config.tuple_frames}"
            )


def _check_finite(x: Tensor) -> None:
    """Refuse visible joints that are NaN or infinite; a call that is transformed cannot look at values."""
    if not is_transformed() and not x.isfinite().all():
        raise ValueError("x must be finite where visible, got NaN or infinity")


def init_weights(module: nn.Module) -> None:
    """Initialise as the published model: Kaiming normal, fan out, for every map but the head."""
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
