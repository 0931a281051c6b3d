"""Recipes: command line over file over defaults; mistakes are lines that name the field."""

import subprocess
import sys
from pathlib import Path

import pytest

from skeleton_lab import contrast, finetune, pretrain, simple
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.recipe.settings import options
from skeleton_lab.runs.folder import RUN_SHORTCUTS
from skeletonmae import LatentConfig

REPO = Path(__file__).parents[2]
SHORTCUTS = RUN_SHORTCUTS | pretrain.MASK_SHORTCUTS


def read(recipe, *arguments, config=pretrain.PretrainConfig):
    return read_recipe(config, [str(recipe), *arguments], program="app", shortcuts=SHORTCUTS)


def test_the_command_line_beats_the_file_and_the_file_the_defaults(pretrain_recipe):
    config = read(pretrain_recipe, "--training.epochs", "7", "--mask.joint_ratio", "0.6", "--resume")
    assert (config.training.epochs, config.training.batch_size, config.training.seed) == (7, 12, 0)
    assert config.model.mask.joint_ratio == 0.6
    assert config.run.resume
    assert config.model.encoder.blocks == ((8, 2), (16, 4))


def test_a_split_on_the_command_line_replaces_the_protocol_of_the_file(finetune_recipe):
    data = read_recipe(
        finetune.FinetuneConfig, [str(finetune_recipe), "--data.split", "a.csv"], program="test"
    ).data
    assert (data.protocol, data.split) == (None, Path("a.csv"))
    text = finetune_recipe.read_text()
    finetune_recipe.write_text(text.replace('protocol = "odd-subjects"', 'split = "a.csv"'))
    given = [str(finetune_recipe), "--data.protocol", "all"]
    data = read_recipe(finetune.FinetuneConfig, given, program="test").data
    assert (data.protocol, data.split) == ("all", None)
    with pytest.raises(InputError) as refused:
        read_recipe(finetune.FinetuneConfig, [*given, "--data.split", "a.csv"], program="test")
    assert [complaint.field for complaint in refused.value.complaints] == ["data"]


def test_numbers_of_all_kinds_from_the_command_line(pretrain_recipe):
    sampling = read(
        *(pretrain_recipe, "--data.sampling.augment.joint_dropout", "0.1"),
        *("--data.sampling.augment.shear", "0.4", "--data.sampling.augment.blur_sigma", "[0.5, 1]"),
        *("--data.sampling.train_crop", "[0.7, 1.0]", "--data.sampling.face_forward"),
    ).data.sampling
    augment = sampling.augment
    assert (augment.joint_dropout, augment.shear, augment.blur_sigma) == (0.1, 0.4, (0.5, 1.0))
    assert (sampling.train_crop, sampling.face_forward) == ((0.7, 1.0), True)


def test_a_table_in_part_keeps_the_rest_of_its_default(pretrain_recipe):
    text = pretrain_recipe.read_text().replace("tuple_frames = 2\n", "")
    pretrain_recipe.write_text(text + "[optimizer]\nlr = 0.25\n[model.mask]\njoint_ratio = 0.2\n")
    config = read(pretrain_recipe)
    assert (config.optimizer.kind, config.optimizer.lr) == ("adam", 0.25)
    assert (config.model.mask.kind, config.model.mask.joint_ratio) == ("spatial_temporal", 0.2)
    assert config.model.encoder.tuple_frames == pretrain.SkeletonMAEConfig().encoder.tuple_frames


@pytest.mark.parametrize("settings", [{"model": {"latent": {}}}, {"model": {"latent": {}, "target": {}}}])
def test_an_empty_table_switches_on_what_is_off_by_default(pretrain_recipe, settings):
    assert read(pretrain_recipe).model.latent is None
    assert read(pretrain_recipe, *options(settings)).model.latent == LatentConfig()


def test_another_kind_takes_none_of_the_default(pretrain_recipe):
    config = read(
        pretrain_recipe, "--optimizer.kind", "sgd", "--mask.kind", "tube", "--mask.tube_frames", "4"
    )
    assert (config.optimizer.kind, config.optimizer.lr) == ("sgd", 0.1)
    assert config.model.mask.tube_frames == 4


def test_another_kind_takes_none_of_the_file(pretrain_recipe, finetune_recipe):
    text = pretrain_recipe.read_text() + '[schedule]\nkind = "multi_step"\nmilestones = [0.5]\n'
    pretrain_recipe.write_text(text + "[model.mask]\nframe_ratio = 0.2\njoint_ratio = 0.3\n")
    config = read(
        pretrain_recipe, "--schedule.kind", "cosine", "--mask.kind", "joint_only", "--mask.joint_ratio", "0.6"
    )
    assert (config.schedule.kind, config.model.mask.kind) == ("cosine", "joint_only")
    same = read(pretrain_recipe, "--mask.kind", "spatial_temporal", "--mask.joint_ratio", "0.6")
    assert (same.model.mask.frame_ratio, same.model.mask.joint_ratio) == (0.2, 0.6)
    graph = read(finetune_recipe, "--model.kind", "stgcn", config=finetune.FinetuneConfig)
    assert graph.model.kind == "stgcn"


def test_the_kind_of_the_default_keeps_a_table_of_the_file_that_names_none(pretrain_recipe):
    pretrain_recipe.write_text(pretrain_recipe.read_text() + "[optimizer]\nlr = 0.25\n")
    config = read(pretrain_recipe, "--optimizer.kind", "adam", "--optimizer.weight_decay", "0.5")
    assert (config.optimizer.lr, config.optimizer.weight_decay) == (0.25, 0.5)


def test_fields_that_were_not_given_are_not_marked_as_given(finetune_recipe):
    config = read(finetune_recipe, config=finetune.FinetuneConfig)
    assert config.model.model_fields_set - {"kind"} == {"width", "blocks", "tuple_frames"}


@pytest.mark.parametrize(
    ("arguments", "field", "named"),
    [
        (["--mask.joint_ratio", "1.5"], "model.mask.joint_ratio", ["'1.5'"]),
        (["--training.epochs", "many"], "training.epochs", ["whole number", "'many'"]),
        (["--mask.tau", "1"], "model.mask.tau", ["spatial_temporal"]),
        (["--optimizer.kind", "lion"], "optimizer.kind", ["'lion'", "'adam', 'adamw', 'sgd'"]),
        (["--model.encoder.slot_kernel", "4"], "model.encoder", ["slot_kernel", "odd", "4"]),
    ],
)
def test_mistakes_on_the_command_line(pretrain_recipe, arguments, field, named):
    with pytest.raises(InputError) as error:
        read(pretrain_recipe, *arguments)
    (complaint,) = error.value.complaints
    assert (complaint.file, complaint.field) == (None, field)
    assert all(word in complaint.problem for word in named), complaint


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--training.epoch", "3"], r"--training\.epoch 3 .*--training\.epochs"),
        (["--training.lr", "0.1"], r"--training\.lr .*--optimizer\.lr"),
        (["--model.mask.every", "3"], "--model.mask.every 3; .* recipe"),
        (["--run.resume", "--run.nope", "3"], r"--run\.nope 3"),
    ],
)
def test_options_that_are_not_there(pretrain_recipe, arguments, named):
    with pytest.raises(InputError, match=named):
        read(pretrain_recipe, *arguments)


@pytest.mark.parametrize(
    ("text", "fields", "named"),
    [
        ("[training]\nepoch = 3\n", {"data", "run", "training.epoch"}, ["the nearest is epochs"]),
        ("[optimizer]\nkind = 'sgd'\nbetas = [0.1, 0.2]\n", {"data", "run", "optimizer.betas"}, ["sgd"]),
        ("", {"data", "run"}, ["missing"]),
        ("[data]\nsources = []\n[run]\nfolder = 'x'", {"data.sources"}, ["at least 1"]),
    ],
)
def test_mistakes_in_the_file(tmp_path, text, fields, named):
    file = tmp_path / "broken.toml"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        read(file)
    assert places(error.value) == {(file, field) for field in fields}
    assert all(any(word in each.problem for each in error.value.complaints) for word in named)


def test_a_file_that_is_no_toml_is_named_with_its_line(tmp_path):
    (tmp_path / "broken.toml").write_text("[training\n")
    with pytest.raises(InputError, match=r"broken\.toml: .*line 1"):
        read(tmp_path / "broken.toml")


def places(error):
    return {(complaint.file, complaint.field) for complaint in error.complaints}


def test_complaints_name_the_file_or_the_option(tmp_path):
    file = tmp_path / "empty.toml"
    file.write_text("")
    with pytest.raises(InputError) as error:
        read(file, "--training.epochs", "0")
    assert places(error.value) == {(file, "data"), (file, "run"), (None, "training.epochs")}
    assert str(error.value).splitlines() == [str(each) for each in error.value.complaints]
    file.write_text("[training]\nbatch_size = 0\n[model.mask]\nkind = 'spatial_temporal'\nframe_ratio = 2.0")
    with pytest.raises(InputError) as error:
        read(file, "--training.epochs", "0", "--mask.joint_ratio", "1.5")
    of_file = {(file, name) for name in ("data", "run", "training.batch_size", "model.mask.frame_ratio")}
    assert places(error.value) == of_file | {(None, "training.epochs"), (None, "model.mask.joint_ratio")}


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"^.*none\.toml: no such"):
        read(tmp_path / "none.toml")


def test_one_count_of_labels(finetune_recipe):
    arguments = ["--data.label_fraction", "0.1", "--data.labels_per_class", "2"]
    with pytest.raises(InputError, match=r"^data: .*label_fraction \(0\.1\).*labels_per_class \(2\)"):
        read(finetune_recipe, *arguments, config=finetune.FinetuneConfig)


def test_mistakes_are_lines_with_exit_code_2(pretrain_recipe, tmp_path):
    command = [sys.executable, REPO / "apps" / "pretrain.py", pretrain_recipe]
    ran = subprocess.run(
        [*command, "--training.epochs", "0", "--mask.joint_ratio", "1.5"], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    ratio, epochs = ran.stderr.splitlines()
    assert ratio.startswith("pretrain: error: model.mask.joint_ratio: ") and ratio.endswith(" '1.5'")
    assert epochs.startswith("pretrain: error: training.epochs: ") and epochs.endswith(" '0'")
    assert not (tmp_path / "pretrained").exists()


def test_help_lists_every_field_without_importing_torch():
    program = (
        "import runpy, sys\n"
        "for app in ('pretrain', 'finetune', 'contrast'):\n"
        "    sys.argv = [app, '--help']\n"
        "    try: runpy.run_path(f'apps/{app}.py', run_name='__main__')\n"
        "    except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'torch', 'timm', 'torchvision', 'accelerate'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPO,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    text = " ".join(ran.stdout.split())
    for field, meaning in {
        "--model.mask.joint_ratio": "(beta in the paper)",
        "--model.mask.kind": "(default: spatial_temporal)",
        "--training.label_smoothing": "default: 0.1)",
        "--data.sampling.frames": "at least 1; default: 20)",
        "--pretrained": "(default: from scratch)",
    }.items():
        assert field in text
        assert meaning in text


CONFIGS = {
    "pretrain": pretrain.PretrainConfig,
    "finetune": finetune.FinetuneConfig,
    "contrast": contrast.ContrastConfig,
    "simple": simple.SimpleConfig,
}
RECIPES = sorted(path for app in CONFIGS for path in REPO.glob(f"configs/{app}/*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: "/".join(path.parts[-2:]))
def test_recipes_can_be_read_and_say_what_to_expect(path):
    recipe = read(path, config=CONFIGS[path.parent.name])
    encoder = getattr(recipe.model, "encoder", recipe.model)
    assert recipe.data.sampling.frames % getattr(encoder, "tuple_frames", 1) == 0
    comments = [line for line in path.read_text().splitlines() if line.startswith("#")]
    header = " ".join(line.lstrip("# ") for line in comments)
    for word in ("Command:", "Hardware:", "Time:", "Expected:"):
        assert word in header, word
    app, file = path.parent.name, f"configs/{path.parent.name}/{path.name}"
    assert f"apps/{app}.py {file}" in header or f"skeleton-lab {app} {file}" in header


def test_there_are_recipes():
    assert {"/".join(path.parts[-2:]) for path in RECIPES} >= {
        "pretrain/paper-ntu60-xsub.toml",
        "pretrain/kinect-v1.toml",
        "finetune/paper-ntu60-xsub.toml",
        "finetune/utd-mhad.toml",
        "contrast/crossclr-ntu60-xsub.toml",
        "contrast/aimclr-ntu60-xsub.toml",
    }


@pytest.mark.parametrize(
    ("given", "resume"),
    [
        (["--run.resume", "true"], True),
        (["--run.resume=True"], True),
        (["--run.resume", "--run.resume", "false"], False),
        (["--run.resume=false"], False),
        (["--no-run.resume", "false"], True),
        (["--run.resume", "yes"], True),
        (["--run.resume", "off"], False),
    ],
)
def test_a_flag_with_a_value_means_what_it_says(finetune_recipe, given, resume):
    config = read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *given], program="finetune")
    assert config.run.resume is resume


def test_options_may_have_hyphens_as_those_of_skeleton_data_have(finetune_recipe):
    given = ("--training.batch-size", "3", "--data.sampling.train-crop=[0.9,1]")
    config = read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *given], program="finetune")
    assert (config.training.batch_size, config.data.sampling.train_crop) == (3, (0.9, 1.0))


def test_a_flag_with_another_value_is_named_and_null_is_none(finetune_recipe):
    with pytest.raises(InputError, match=r"^run\.resume: .*'maybe'"):
        read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), "--run.resume=maybe"], program="finetune")
    with pytest.raises(InputError, match=r"^run\.resume: .*'maybe'"):
        given = [str(finetune_recipe), "--run.resume", "maybe"]
        read_recipe(finetune.FinetuneConfig, given, program="finetune")
    for given in (
        *(["--pretrained", "null"], ["--pretrained=null"], ["--pretrained", "None"]),
        *(["--pretrained", "none"], ["--pretrained=none"]),
    ):
        config = read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *given], program="finetune")
        assert config.pretrained is None


@pytest.mark.parametrize("options", [["--pretrained", ""], ["--pretrained="], ["--run.folder", ""]])
def test_an_empty_value_is_refused_by_name(finetune_recipe, options):
    """As of a shell's variable that is not set."""
    with pytest.raises(InputError, match=options[0].removeprefix("--").rstrip("=")):
        read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *options], program="finetune")


def test_an_empty_name_in_a_recipe_is_refused(finetune_recipe):
    finetune_recipe.write_text(f'pretrained = ""\n{finetune_recipe.read_text()}')
    with pytest.raises(InputError, match=r"pretrained: "):
        read_recipe(finetune.FinetuneConfig, [str(finetune_recipe)], program="finetune")


def test_none_is_a_value_where_a_field_has_it_and_refused_by_name_where_nothing_is_not_allowed(
    finetune_recipe,
):
    def read(*given):
        return read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *given], program="finetune")

    assert read("--run.tracker", "none").run.tracker == "none"
    with pytest.raises(InputError, match=r"^training\.batch_size: "):
        read("--training.batch_size", "none")


def test_the_help_has_the_kinds_of_a_part_and_the_range_of_a_number(pretrain_recipe, capsys):
    with pytest.raises(SystemExit):
        read(pretrain_recipe, "--help")
    _, _, text = " ".join(capsys.readouterr().out.split()).partition(" options: ")
    for option, words in {
        "--model.mask.kind": "motion_aware, body_part",
        "--model.encoder.kind": "module:Class",
        "--training.batch_size": "at least 1; default: 64",
        "--view.probability": "0 to 1; default: 1.0",
    }.items():
        assert words in text.partition(f" {option} ")[2][:300]


def test_an_app_without_a_default_recipe_says_where_recipes_are():
    with pytest.raises(InputError, match=r"RECIPE .*skeleton-lab recipes"):
        read_recipe(simple.SimpleConfig, [], program="app")


def test_a_list_with_a_wrong_item_is_one_complaint(pretrain_recipe):
    with pytest.raises(InputError) as caught:
        read(pretrain_recipe, "--data.sources", "mine")
    assert [complaint.field for complaint in caught.value.complaints] == ["data.sources.0"]
