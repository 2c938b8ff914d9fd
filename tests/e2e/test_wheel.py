"""A wheel built from the tree works by itself, from any directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), str(ROOT)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = place.glob("paperround-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "newsletter/_templates/theme.toml",
        "newsletter/_templates/email/digest/body.mjml",
        "newsletter/migrations/versions/0001_first_tables.py",
        "newsletter/migrations/script.py.mako",
        "newsletter/samples/papers.json",
        "subscribers/catalogue.toml",
    ):
        assert needed in names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)
    target = place / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    return target


def test_the_demo_runs_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(installed)}
    environment = {k: v for k, v in environment.items() if not k.startswith("NEWSLETTER_")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("-c", "import newsletter, subscribers; print(newsletter.__file__)")
    assert where.startswith(str(installed))
    told = json.loads(run("-m", "newsletter", "demo", "--json"))
    assert [row["email"].partition("@")[0] for row in told["digests"]] == ["ada", "hedy", "emmy"]
    assert all(row["picks"] >= 4 for row in told["digests"])
    for row in told["digests"]:
        assert (tmp_path / row["file"]).stat().st_size == row["bytes"] > 10_000
    again = json.loads(run("-m", "newsletter", "demo", "--json"))
    assert [row["picks"] for row in again["digests"]] == [row["picks"] for row in told["digests"]]
