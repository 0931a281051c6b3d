"""Small text files that may be anything: read, or refused in a line that names the file."""

from functools import partial

import pytest
from pydantic import TypeAdapter

from skeleton_lab.errors import InputError
from skeleton_lab.recipe.text_files import MAX_BYTES, read_json, read_record, read_toml
from skeleton_lab.runs.results import FinetuneResult


@pytest.mark.parametrize(
    ("read", "text", "complaint"),
    [
        (read_json, "{", "JSON"),
        (read_json, "[" * 10**5, "JSON"),
        (read_json, "9" * 10**5, "JSON"),
        (read_json, "", "empty"),
        (read_json, " " * (MAX_BYTES + 1), "1048577 bytes"),
        (read_json, "\xff", "0xff"),
        (partial(read_record, FinetuneResult), "[]", ""),
        (partial(read_record, FinetuneResult), '{"steps": "many"}', ""),
        (partial(read_record, TypeAdapter(dict[str, str])), '["a"]', ""),
        (read_toml, "a = ", "not a TOML file"),
        (read_toml, "a = " + "[" * 10**5, "not a TOML file"),
        (read_toml, ".".join("a" * 10**4) + " = 1", "a key has more than 32 parts"),
        (read_toml, "b = {" + ".".join("a" * 10**4) + " = 1}", "a key has more than 32 parts"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, read, text, complaint):
    path = tmp_path / "file"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=f"{path}.*{complaint}") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_what_can_be_read(tmp_path):
    path = tmp_path / "file"
    path.write_text('a.b = ["...", 0.5]  # ... and so on')
    assert read_toml(path) == {"a": {"b": ["...", 0.5]}}
    with pytest.raises(InputError, match="nowhere"):
        read_json(tmp_path / "nowhere")
