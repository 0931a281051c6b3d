"""CrosSCLR and AimCLR with either backbone: what a step does, and what it leaves alone."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skeleton_baselines import (
    STGCN,
    AimCLR,
    AimCLRConfig,
    CrosSCLR,
    CrosSCLRConfig,
    STGCNConfig,
    View,
    aimclr,
    crossclr,
    energy_drop,
    info_nce,
    view_of,
)

BONES = ((0, 1), (2, 1), (3, 2))
PAIRS = ((0, 2),)
SKELETON = {"bones": BONES, "moco": {"queue_size": 12, "channels": 6, "momentum": 0.5, "temperature": 0.2}}


def stgcn() -> nn.Module:
    return STGCN(STGCNConfig(joints=4, edges=BONES, centre=1, width=2, num_features=8, dropout=0.0))


def sttformer() -> nn.Module:
    package = pytest.importorskip("sttformer", reason="STTFormer is not installed with this package")
    return package.STTFormer(
        package.STTFormerConfig(joints=4, width=4, blocks=((4, 2), (8, 2)), tuple_frames=2)
    )


BACKBONES = pytest.mark.parametrize("backbone", [stgcn, sttformer])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def clips(seed: int = 0) -> Tensor:
    return torch.randn(6, 3, 8, 4, 2, generator=seeded(seed))


def build_crossclr(backbone: Callable[[], nn.Module] = stgcn, **changes: Any) -> CrosSCLR:
    torch.manual_seed(0)
    config = CrosSCLRConfig(**SKELETON | changes)
    encoders = {view: backbone() for view in config.views}
    return CrosSCLR(encoders, config, features=8, generator=seeded())


def build_aimclr(backbone: Callable[[], nn.Module] = stgcn, **changes: Any) -> AimCLR:
    torch.manual_seed(0)
    config = AimCLRConfig(**SKELETON | {"pairs": PAIRS} | changes)
    return AimCLR(backbone(), config, generator=seeded())


@pytest.fixture(params=[build_crossclr, build_aimclr])
def build(request: pytest.FixtureRequest) -> Callable[..., CrosSCLR | AimCLR]:
    return request.param


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def moved(model: nn.Module, before: dict[str, Tensor]) -> set[str]:
    return {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}


def test_views_of_a_skeleton() -> None:
    x = clips()
    assert view_of(x, "joint", bones=BONES) is x
    motion, bone = (view_of(x, view, bones=BONES) for view in ("motion", "bone"))
    for frame in range(7):
        assert torch.equal(motion[:, :, frame], x[:, :, frame + 1] - x[:, :, frame])
    assert (motion[:, :, 7] == 0).all()
    for joint, parent in BONES:
        assert torch.equal(bone[:, :, :, joint], x[:, :, :, joint] - x[:, :, :, parent])
    assert (bone[:, :, :, 1] == 0).all()
    with pytest.raises(ValueError, match=r"bones must name joints below 4, got \(4, 1\)"):
        view_of(x, "bone", bones=((4, 1),))


@BACKBONES
@pytest.mark.parametrize("mine", [False, True])
def test_crossclr_is_made_of_its_parts(backbone: Callable[[], nn.Module], mine: bool) -> None:
    model, parts = build_crossclr(backbone, top=2), build_crossclr(backbone, top=2)
    output = model(clips(), generator=seeded(1), mine=mine)

    random = seeded(1)
    first, second = (parts.augment(clips(), generator=random) for _ in range(2))
    views = {}
    for name, moco in parts.moco.items():
        query = moco.head(moco.encoder(view_of(first, name, bones=BONES)))
        key = moco.key_head(moco.key_encoder(view_of(second, name, bones=BONES)))
        views[name] = View(query, key, moco.queue.keys)
    expected = (
        crossclr(views, top=2, temperature=0.2)
        if mine
        else {name: info_nce(*view, temperature=0.2) for name, view in views.items()}
    )
    torch.testing.assert_close(output.terms, {name: term.detach() for name, term in expected.items()})
    torch.testing.assert_close(output.loss, sum(expected.values()))
    for name, moco in model.moco.items():
        torch.testing.assert_close(moco.queue.keys[:, :6], F.normalize(views[name].key, dim=1).T.detach())


@BACKBONES
@pytest.mark.parametrize(("view", "mine"), [("joint", False), ("bone", True), ("motion", True)])
def test_aimclr_is_made_of_its_parts(backbone: Callable[[], nn.Module], view: str, mine: bool) -> None:
    model, parts = (build_aimclr(backbone, view=view, neighbours=2) for _ in range(2))
    output = model(clips(), generator=seeded(1), mine=mine)

    random, moco = seeded(1), parts.moco
    normal, other = (parts.normal(clips(), generator=random) for _ in range(2))
    extreme = parts.extreme(clips(), generator=random)
    normal, other, extreme = (view_of(x, view, bones=BONES) for x in (normal, other, extreme))
    query, maps = moco.head(moco.encoder(normal)), moco.encoder.forward_features(extreme)
    dropped = energy_drop(maps).mean(dim=(2, 3, 4))
    key = moco.key_head(moco.key_encoder(other))
    queries = (query, moco.head(maps.mean(dim=(2, 3, 4))), moco.head(dropped))
    neighbours = 2 if mine else 0
    losses = aimclr(*queries, key, moco.queue.keys, neighbours=neighbours, temperature=0.2)
    torch.testing.assert_close(output.loss, losses.total)
    torch.testing.assert_close(output.terms["extreme"], losses.extreme.detach())
    assert output.terms["contrast"].requires_grad is False
    torch.testing.assert_close(model.moco.queue.keys[:, :6], F.normalize(key, dim=1).T.detach())


def test_gradient_reaches_what_is_trained_and_all_of_it(build: Callable[..., CrosSCLR | AimCLR]) -> None:
    for mine in (False, True):
        model = build()
        model(clips(), generator=seeded(), mine=mine).loss.backward()
        for name, parameter in model.named_parameters():
            assert (parameter.grad is not None) == ("key_" not in name), name


def test_augmentations_keep_their_precision_when_encoders_do_not(build: Callable[..., Any]) -> None:
    seen = []
    for precise in (True, False):
        model = build()
        encoder = next(iter(model.encoders.values()))
        encoder.blocks[0].spatial.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
        encoder.input_norm.eval()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not precise):
            output = model(clips(), generator=seeded(1), mine=True)
        output.loss.backward()
        assert output.loss.isfinite()
    half = len(seen) // 2
    for full, mixed in zip(seen[:half], seen[half:], strict=True):
        torch.testing.assert_close(mixed, full)


def test_in_evaluation_mode_nothing_moves(build: Callable[..., CrosSCLR | AimCLR]) -> None:
    model = build()
    model(clips(), generator=seeded())
    before = snapshot(model.eval())
    model(clips(1), generator=seeded(), mine=True)
    assert moved(model, before) == set()


@pytest.mark.parametrize("mine", [False, True])
@pytest.mark.parametrize("published", [False, True])
def test_all_key_encoders_move_unless_published(published: bool, mine: bool) -> None:
    model = build_crossclr(published_behaviour=published)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "key_" not in name:
                parameter.add_(1)
    before = snapshot(model)
    model(clips(), generator=seeded(), mine=mine)
    parameters = {name for name, _ in model.named_parameters() if "key_" in name}
    followed = {name.split(".")[1] for name in moved(model, before) & parameters}
    assert followed == ({"motion"} if published and mine else {"joint", "motion", "bone"})


def test_published_behaviour_changes_the_extreme_branch_of_aimclr_alone() -> None:
    always = {"extreme": {"blur_probability": 1.0}}
    terms = [
        build_aimclr(published_behaviour=published, **always)(clips(), generator=seeded()).terms
        for published in (False, True)
    ]
    assert terms[0]["contrast"] == terms[1]["contrast"]
    assert terms[0]["extreme"] != terms[1]["extreme"]


def test_training_tells_clips_apart(build: Callable[..., CrosSCLR | AimCLR]) -> None:
    moco = {"queue_size": 24, "channels": 16, "momentum": 0.9, "temperature": 0.1}
    if build is build_crossclr:
        model = build(moco=moco, augmentation={"shear": 0.1}, views=("joint", "bone"))
    else:
        model = build(moco=moco, normal={"shear": 0.1})
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear):
                module.weight.mul_(10)  # so few steps do not suffice for the narrow weights of the papers
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    random, losses = seeded(), []
    poses = torch.randn(24, 3, 1, 4, 1, generator=seeded(7)).expand(-1, -1, 8, -1, -1)
    for step in range(50):
        output = model(poses[step % 2 :: 2], generator=random, mine=step >= 45)
        optimizer.zero_grad()
        output.loss.backward()
        optimizer.step()
        losses.append(output.terms["joint" if isinstance(model, CrosSCLR) else "contrast"].item())
    assert max(losses) > 0.9 * math.log(25)  # no better than chance once the queue holds keys of its own
    assert sum(losses[35:45]) / 10 < 0.8 * math.log(25)
    assert all(map(math.isfinite, losses))


def test_the_encoder_alone_transfers(build: Callable[..., CrosSCLR | AimCLR], tmp_path: Any) -> None:
    model = build()
    model(clips(), generator=seeded()).loss.backward()
    assert [*model.encoders] == (["joint", "motion", "bone"] if isinstance(model, CrosSCLR) else ["joint"])
    for view, encoder in model.encoders.items():
        encoder.save_pretrained(tmp_path / view)
        classifier = STGCN.from_pretrained(tmp_path / view)
        assert torch.equal(classifier(clips()), encoder.eval()(clips()))
        classifier.reset_classifier(5)
        assert classifier(clips()).shape == (6, 5)


@pytest.mark.parametrize(
    ("config", "fields", "message"),
    [
        (CrosSCLRConfig, {"views": ("joint",)}, r"views must be two or three different ones, got \('joint',"),
        (CrosSCLRConfig, {"views": ("joint", "joint")}, "views must be two or three different ones"),
        (CrosSCLRConfig, {"moco": {"queue_size": 4}, "top": 5}, "top is 5, but moco.queue_size only 4"),
        (AimCLRConfig, {"moco": {"queue_size": 4}, "neighbours": 5}, "neighbours is 5, but moco.queue_size"),
        (AimCLRConfig, {"drop_threshold": 0.5}, "greater than or equal to 0.68"),
    ],
)
def test_refuses_what_cannot_be_contrasted(config: Any, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config.model_validate(fields)


def test_refuses_other_encoders_than_its_views() -> None:
    with pytest.raises(
        ValueError, match=r"those of the views \('joint', 'motion', 'bone'\), got \('joint',\)"
    ):
        CrosSCLR({"joint": stgcn()}, CrosSCLRConfig(**SKELETON), features=8, generator=seeded())
