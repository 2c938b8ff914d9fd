"""What is installed: the two files of pins agree with each other and with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import inputs

ROOT = Path(__file__).parents[1]
SEMANTIC = (ROOT / "constraints-semantic.txt").read_text("utf-8")
PINNED = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)


def semantic_pins() -> dict[str, Requirement]:
    lines = [line for line in SEMANTIC.splitlines() if not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in map(Requirement, lines)}


def test_nothing_is_pinned_twice_and_the_large_extra_is_in_no_default_install() -> None:
    extra = semantic_pins()
    assert "torch" in extra
    assert not extra.keys() & {canonicalize_name(name) for name in PINNED}


def test_the_extra_is_pinned_to_one_version_that_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pins = semantic_pins()
    for pin in pins.values():
        assert [one.operator for one in pin.specifier] == ["=="]
    for wanted in map(Requirement, project["optional-dependencies"]["semantic"]):
        (pinned,) = pins[canonicalize_name(wanted.name)].specifier
        assert wanted.specifier.contains(pinned.version)


def test_the_model_for_tests_is_whole() -> None:
    folder = inputs.minilm()
    for needed in ("config.json", "model.safetensors", "modules.json", "tokenizer.json"):
        assert (folder / needed).is_file()
