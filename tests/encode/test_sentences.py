"""Finding, naming and loading models: quiet when it works, one plain line when it does not."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from newsletter.encode.models import find_model
from newsletter.encode.sentences import SentenceEncoder, _best_precision, open_encoder
from newsletter.errors import EncoderError
from tests import inputs


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the real model, to break."""
    return Path(shutil.copytree(inputs.minilm(), tmp_path / "my-model"))


@pytest.fixture
def no_fetched_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    constants = pytest.importorskip(
        "huggingface_hub.constants", reason="no sentence model: `make semantic` installs one"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))


def refusal(wanted: str) -> str:
    with pytest.raises(EncoderError) as caught:
        SentenceEncoder(wanted).encode(["A paper."])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_none_is_none_and_opening_looks_for_nothing() -> None:
    assert open_encoder(None) is None
    assert open_encoder("/no/such/folder") is not None


def test_loading_and_encoding_say_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert SentenceEncoder(str(inputs.minilm())).encode(["A paper."]).shape == (1, 384)
    assert capfd.readouterr() == ("", "")


def test_minilm_is_the_installed_package_and_named_after_the_model() -> None:
    folder = inputs.minilm()
    found = find_model("minilm")
    assert found.folder.samefile(folder)
    assert SentenceEncoder("minilm").name.startswith("all-MiniLM-L6-v2-")


def test_the_name_follows_the_files_and_not_their_place(copy: Path) -> None:
    def mark() -> str:
        return SentenceEncoder(str(copy)).name.removeprefix("my-model-")

    before = mark()
    assert SentenceEncoder("minilm").name.endswith(before)
    (copy / "README.md").write_text("Other words.", "utf-8")
    (copy / "pytorch_model.bin").write_bytes(b"the same weights in another form")
    assert mark() == before
    config = copy / "1_Pooling" / "config.json"
    config.write_text(config.read_text("utf-8").replace("_mean_tokens", "_max_tokens"), "utf-8")
    assert mark() != before


def test_precisions_agree_and_bfloat16_is_for_processors_that_compute_in_it() -> None:
    folder = str(inputs.minilm())
    texts = ["KV cache eviction", "Protein folding by diffusion", "Auctions with budgets. " * 40]
    exact = SentenceEncoder(folder, "float32").encode(texts)
    coarse = SentenceEncoder(folder, "bfloat16").encode(texts)
    assert (exact * coarse).sum(axis=1).min() > 0.999
    assert not np.array_equal(exact, coarse)
    assert _best_precision({"avx2": True, "avx512_bf16": True}) == "bfloat16"
    assert _best_precision({"avx2": True, "avx512_bf16": False}) == "float32"


@pytest.mark.parametrize("module", ["torch", "sentence_transformers"])
def test_without_the_extra_one_line_says_how_to_install_it(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "modules.json").write_text("[]", "utf-8")
    monkeypatch.setitem(sys.modules, module, None)
    assert "pip install 'paperround[semantic]'" in refusal(str(tmp_path))


def test_without_the_extra_a_model_id_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert "pip install 'paperround[semantic]'" in refusal("somebody/some-model")


@pytest.mark.usefixtures("no_fetched_models")
def test_a_model_that_was_not_fetched_says_how_and_asks_no_host() -> None:
    assert "`hf download somebody/some-model`" in refusal("somebody/some-model")
    assert "not on this machine" in refusal("not a/model/id")


def test_a_folder_that_is_not_there_or_holds_something_else(tmp_path: Path) -> None:
    assert f"{tmp_path}/gone is not there" in refusal(f"{tmp_path}/gone")
    assert "no modules.json" in refusal(str(tmp_path))


@pytest.mark.parametrize(
    ("broken", "content"),
    [
        ("model.safetensors", b"half a model"),
        ("model.safetensors", None),
        ("config.json", b"{"),
        ("modules.json", b"nonsense"),
        ("tokenizer.json", b"{}"),
    ],
)
def test_a_broken_model_is_told_by_its_folder(
    copy: Path, broken: str, content: bytes | None, capfd: pytest.CaptureFixture[str]
) -> None:
    (copy / broken).unlink()
    if content is not None:
        (copy / broken).write_bytes(content)
    assert f"the model in {copy} cannot be used" in refusal(str(copy))
    assert capfd.readouterr() == ("", "")
