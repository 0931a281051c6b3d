"""Weights on disk: ours come back as they were, the published code's fit, and what does not fit is named."""

import json
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from huggingface_hub.errors import EntryNotFoundError

from sttformer import (
    STTFormer,
    STTFormerConfig,
    load_official,
    load_weights,
    official_config,
    read_official,
    to_official,
)

SHAPE = dict(joints=4, tuple_frames=2, width=6, blocks=[(6, 2), (8, 3)], heads=2, num_classes=5)


def make_model(seed=0, **changes):
    torch.manual_seed(seed)
    return STTFormer(STTFormerConfig(**{**SHAPE, **changes})).eval()


def published(model, *, prefix=""):
    """The model's weights as the published code would save them, position buffers included."""
    state = {f"{prefix}{name}": value for name, value in to_official(model.state_dict()).items()}
    return state | {f"{prefix}blocks.0.pes.pe": torch.zeros(1, 6, 3, 8)}


def test_a_folder_holds_the_whole_model(tmp_path):
    model, x = make_model(), torch.randn(2, 3, 6, 4, 1)
    model.save_pretrained(tmp_path)
    loaded = STTFormer.from_pretrained(tmp_path)
    assert loaded.config == model.config
    torch.testing.assert_close(loaded(x), model(x), rtol=0, atol=0)
    loaded.reset_classifier(9)
    loaded.save_pretrained(tmp_path)
    assert STTFormer.from_pretrained(tmp_path).num_classes == 9


def test_what_huggingface_hub_handed_on_before_its_version_1_is_no_field_of_a_model(tmp_path):
    """The tests of the lowest versions have that library; here its call is repeated."""
    model = make_model()
    model.save_pretrained(tmp_path)
    handed_on = {"proxies": None, "resume_download": None, "local_files_only": False, "token": None}
    options = {"config": model.config, "map_location": "cpu", "strict": False} | handed_on
    assert STTFormer._from_pretrained(model_id=str(tmp_path), **options).config == model.config


def test_a_folder_of_before_there_was_a_choice_of_pool(tmp_path):
    model, x = make_model(), torch.randn(2, 3, 6, 4, 1)
    model.save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "config.json").read_text())
    del saved["config"]["pool"]
    (tmp_path / "config.json").write_text(json.dumps(saved))
    torch.testing.assert_close(STTFormer.from_pretrained(tmp_path)(x), model(x), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"joints": 3}, r"attention_bias is \(2, 8, 8\), the model's \(2, 6, 6\)"),
        ({"tuple_frames": 3}, r"attention_bias is \(2, 8, 8\), the model's \(2, 12, 12\)"),
        ({"num_classes": 0}, "head.bias is foreign"),
        ({"pool": "by_joint"}, r"head.weight is \(5, 8\), the model's \(5, 32\)"),
        ({"blocks": [(6, 2), (8, 3), (8, 3)]}, "blocks.2.alpha is missing"),
    ],
)
def test_a_folder_of_another_model(tmp_path, changes, complaint):
    make_model().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=rf"model\.safetensors does not fit the STTFormer: .*{complaint}"):
        STTFormer.from_pretrained(tmp_path, config=STTFormerConfig(**{**SHAPE, **changes}))


def make_directory(path):
    path.unlink()
    path.mkdir()


def lead_nowhere(path):
    path.unlink()
    path.symlink_to("nowhere")


DAMAGES = {
    "missing": Path.unlink,
    "a folder": make_directory,
    "a link to nowhere": lead_nowhere,
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "not UTF-8": lambda path: path.write_bytes(b"\xff" + path.read_bytes()),
    "null": lambda path: path.write_bytes(b"null"),
    "deeply nested": lambda path: path.write_bytes(b"[" * 100_000),
    "no table": lambda path: path.write_bytes(b'{"config": []}'),
    "sizes": lambda path: path.write_bytes(b'{"config": {"joints": 1000000000, "width": 1000000000}}'),
}


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_is_the_same_error(tmp_path, name, damage):
    make_model().save_pretrained(tmp_path)
    DAMAGES[damage](tmp_path / name)
    with pytest.raises(ValueError, match=str(tmp_path)) as caught:
        STTFormer.from_pretrained(tmp_path)
    assert "\n" not in str(caught.value)


def test_of_the_hub_a_pickle_of_other_things_is_refused(tmp_path, monkeypatch):
    """`pytorch_model.bin` is read where there are no safetensors."""
    make_model().save_pretrained(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": Path("a")}, protocol=2))

    def downloaded(model, name):
        if name == "model.safetensors":
            raise EntryNotFoundError(name)
        return str(tmp_path / name)

    monkeypatch.setattr("sttformer.weights.hf_hub_download", downloaded)
    with pytest.raises(ValueError, match=r"pytorch_model\.bin is no file of tensors"):
        STTFormer._from_pretrained(model_id="owner/name", config=SHAPE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("joints", 0),
        ("joints", "many"),
        ("pool", "median"),
        ("depth", 3),
        ("blocks", []),
        ("dropout", "x" * 10**6),
        ("heads", None),
    ],
)
def test_a_config_with_a_wrong_field(tmp_path, field, value):
    make_model().save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "config.json").read_text())
    saved["config"][field] = value
    (tmp_path / "config.json").write_text(json.dumps(saved))
    with pytest.raises(ValueError) as caught:
        STTFormer.from_pretrained(tmp_path)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path / 'config.json'}: config.{field}: ")
    assert repr(value)[:20] in said and len(said) < 300 + len(str(tmp_path))
    assert not {"input", "tuple", "validation"} & set(said.lower().split()), "these are pydantic's own words"


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_the_official_format_loads(tmp_path, legacy, prefix):
    model, other, x = make_model(0), make_model(1), torch.randn(2, 3, 6, 4, 1)
    path = tmp_path / "official.pt"
    torch.save(published(model, prefix=prefix), path, _use_new_zipfile_serialization=not legacy)
    load_official(other, path)
    torch.testing.assert_close(other(x), model(x), rtol=0, atol=0)


def test_what_does_not_fit_is_said_in_the_words_of_the_file(tmp_path):
    model, other = make_model(0), make_model(1)
    state = published(model)
    del state["blocks.1.alphas"]
    state |= {"blocks.7.alphas": torch.zeros(1), "fc.weight": torch.zeros(60, 8), "extra": torch.zeros(1)}
    torch.save(state, tmp_path / "official.pt")
    before = {name: value.clone() for name, value in other.state_dict().items()}
    with pytest.raises(ValueError) as caught:
        load_official(other, tmp_path / "official.pt")
    assert str(caught.value) == (
        f"{tmp_path}/official.pt does not fit the STTFormer: blocks.1.alphas is missing; "
        "blocks.7.alphas is foreign; extra is foreign; fc.weight is (60, 8), the model's (5, 8)"
    )
    torch.testing.assert_close(other.state_dict(), before, rtol=0, atol=0)


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("a download was unpickled",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda path: path.write_bytes(b"nothing"), "is no file of tensors"),
        (lambda path: path.write_bytes(pickle.dumps(Evil(), protocol=2)), "is no file of tensors"),
        (lambda path: torch.save({"weight": Evil()}, path), "is no file of tensors"),
        (
            lambda path: torch.save([torch.zeros(1)], path),
            "must hold a state dict, tensors by name, got list",
        ),
        (lambda path: torch.save({"state": {"weight": torch.zeros(1)}}, path), "'state' is a dict"),
    ],
)
def test_a_file_that_is_no_state_dict(tmp_path, content, message):
    content(tmp_path / "official.pt")
    with pytest.raises(ValueError, match=message):
        load_official(make_model(), tmp_path / "official.pt")


def test_weights_that_do_not_fit_leave_the_model_alone():
    model = make_model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=r"here does not fit the STTFormer: .*head\.bias is missing"):
        load_weights(model, {**make_model(1, num_classes=0).state_dict()}, source="here")
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)


def test_the_shapes_of_a_published_checkpoint_tell_its_config(shared):
    golden = json.loads((shared / "golden" / "sttformer_official_state_dict.json").read_text())
    state = {name: torch.empty(shape, device="meta") for name, shape in golden["state_dict"].items()}
    config = official_config(state)
    assert config == STTFormerConfig(num_classes=60)
    assert official_config({f"module.{name}": value for name, value in state.items()}) == config
    assert official_config(state, joints=50).tuple_frames == 3
    with pytest.raises(ValueError, match=r"150 slots in a tuple, .* 20 joints"):
        official_config(state, joints=20)
    with pytest.raises(ValueError, match=r"blocks\.0\.att0s is missing"):
        official_config({"fc.weight": state["fc.weight"]})


def test_a_checkpoint_that_is_cut_or_holds_other_objects_is_named(tmp_path):
    path = tmp_path / "official.pt"
    torch.save({"fc.weight": torch.zeros(1000), "note": Path("x")}, path)
    with pytest.raises(
        ValueError, match=r"official\.pt is no file of tensors: it is damaged, or holds other"
    ):
        read_official(path)
    torch.save({"fc.weight": torch.zeros(1000)}, path)
    whole = path.read_bytes()
    for length in (0, 1, 100, 2000, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"official\.pt is no file of tensors"):
            read_official(path)


def test_a_published_checkpoint_takes_no_more_memory_than_its_size(tmp_path):
    path = tmp_path / "official.pt"
    torch.save({"fc.weight": torch.zeros(1).expand(10**9)}, path)
    with pytest.raises(ValueError, match=r"official\.pt names more values than it holds"):
        read_official(path)
    torch.save({"fc.weight": torch.zeros(10**5)}, path)
    with zipfile.ZipFile(path) as stored, zipfile.ZipFile(tmp_path / "small.pt", "w") as small:
        for entry in stored.infolist():
            small.writestr(entry.filename, stored.read(entry), zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match=r"small\.pt is no file of tensors: its entries are compressed"):
        read_official(tmp_path / "small.pt")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"config": {"width": 1000000000}}', r"config\.width: .*16384"),
        ('{"config": {"joints": 1000, "tuple_frames": 4000}}', "does not fit the STTFormer"),
        ('{"config": {"hook": "os.system"}}', r"config\.hook: .*os\.system"),
        ('{"config": [1]}', "expected a table 'config'"),
        ("[]", "expected a table 'config'"),
        ("[" * 10**5, "is damaged"),
        ("{", "is damaged"),
        (" " * 2**20 + "{}", "1048578 bytes"),
    ],
)
def test_a_config_that_is_wrong_is_a_value_error_that_names_the_file(tmp_path, content, complaint):
    make_model().save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match=f"{tmp_path}/.*{complaint}"):
        STTFormer.from_pretrained(tmp_path)
