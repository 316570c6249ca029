"""Whether an adapter may be shown to the engine, which a bad one would end.

The rules mirror what vLLM 0.32 raises on (`vllm/lora/peft_helper.py`, `lora_model.py`, `utils.py`) and are stricter
where it is silent: nothing that passes here fails there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from adapters.adapter import Adapter, Kind
from adapters.base_model import BaseModel
from adapters.errors import AdapterError, cut, shown
from adapters.manifest import MANIFEST, Manifest, read_manifest
from adapters.peft_config import CONFIG, PeftConfig, read_config
from adapters.tensors import TensorHeader, read_headers

WEIGHTS = "adapter_model.safetensors"
FILES = (MANIFEST, CONFIG, WEIGHTS)

_PICKLES = frozenset((".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"))
_KEY = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<half>[AB])\.weight")
_AGAIN = "train the adapter again or copy it again"


def check_adapter(folder: Path, base: BaseModel, *, max_rank: int, prompt_format: int) -> Adapter:
    """Check all that lies in an adapter's folder, weights included. Safe in a thread: it only reads.

    Raises AdapterError with one line that names the fault and the remedy.
    """
    _check_files(folder)
    manifest = read_manifest(folder)
    _check_origin(manifest, base, prompt_format)
    config = read_config(folder)
    if config.largest_rank > max_rank:
        raise AdapterError(
            f"{CONFIG}: r: the rank is {config.largest_rank}, and the server takes at most {max_rank}; "
            "train with a lower rank or raise the server's limit",
            f"{CONFIG}: r",
        )
    tensors = _read_headers(folder / WEIGHTS)
    _check_layers(tensors, config, base)
    _check_targets(config, base)
    _check_weights(folder / WEIGHTS, manifest)
    tokens = config.alora_invocation_tokens
    return Adapter(
        name=manifest.name,
        path=folder.resolve(),
        manifest=manifest,
        kind=Kind.LORA if tokens is None else Kind.ALORA,
        rank=config.largest_rank,
        invocation_tokens=tuple(tokens or ()),
        version=manifest.weights_digest,
    )


def _check_files(folder: Path) -> None:
    """All three files lie in the folder itself, and no pickle beside them."""
    try:
        names = {path.name for path in folder.iterdir()}
        # Even where safetensors lie beside them, some loader will take the pickle.
        for name in sorted(names):
            if Path(name).suffix.lower() in _PICKLES:
                raise AdapterError(
                    f"{shown(name)} may be a pickle, which can run code; save the weights as {WEIGHTS} and delete it",
                    name,
                )
        for name in FILES:
            if name not in names:
                raise AdapterError(f"{name} is missing; {_AGAIN}", name)
            if not (folder / name).is_file():
                raise AdapterError(f"{name} is not a file; {_AGAIN}", name)
            if not (folder / name).resolve().is_relative_to(folder.resolve()):
                raise AdapterError(f"{name} is a link to outside its folder; copy the file itself", name)
    except OSError as error:
        raise AdapterError(f"the adapter's folder cannot be read: {error.strerror}; {_AGAIN}", "folder") from None


def _check_origin(manifest: Manifest, base: BaseModel, prompt_format: int) -> None:
    trained_on = manifest.base_model
    if trained_on.digest != base.digest:
        raise AdapterError(
            f"{MANIFEST}: base_model: trained on {cut(trained_on.name)} ({trained_on.digest[:12]}), but the model "
            f"served is {base.name} ({base.digest[:12]}); serve that model or train the adapter for this one",
            f"{MANIFEST}: base_model",
        )
    if manifest.prompt_format != prompt_format:
        raise AdapterError(
            f"{MANIFEST}: prompt_format: trained with prompt format {manifest.prompt_format}, but this server "
            f"writes format {prompt_format}; train the adapter again",
            f"{MANIFEST}: prompt_format",
        )


def _read_headers(path: Path) -> dict[str, TensorHeader]:
    from safetensors import SafetensorError

    try:
        return read_headers(path)
    except (OSError, SafetensorError) as error:
        raise AdapterError(
            f"{WEIGHTS} is not a whole safetensors file ({cut(str(error))}); {_AGAIN}", WEIGHTS
        ) from None


def _check_layers(tensors: Mapping[str, TensorHeader], config: PeftConfig, base: BaseModel) -> None:
    """Every tensor is half of a pair that fits a linear layer of the base model."""
    pairs: dict[str, dict[str, TensorHeader]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise _bad_tensor(f"{shown(key)} is not a weight of a LoRA on a linear layer")
        if tensor.dtype not in ("F32", "F16", "BF16"):
            raise _bad_tensor(f"{shown(key)} holds {tensor.dtype}, not F32, F16 or BF16")
        pairs.setdefault(match["module"], {})[match["half"]] = tensor
    if not pairs:
        raise _bad_tensor("it holds no weights")
    for module, halves in pairs.items():
        # Embeddings and heads lie outside the numbered blocks. vLLM takes them for some models and sizes only,
        # and experts only as whole sets.
        if not re.search(r"\.\d+\.", module) or ".experts." in module:
            raise _bad_tensor(f"{shown(module)} is not a linear layer of a decoder block, and no other can be served")
        if module not in base.shapes:
            raise _bad_tensor(f"the base model has no linear layer {shown(module)}")
        rank, (rows, columns) = config.rank_of(module), base.shapes[module]
        for half, shape in (("A", (rank, columns)), ("B", (rows, rank))):
            if half not in halves:
                raise _bad_tensor(f"lora_{half} of {shown(module)} is missing")
            if halves[half].shape != shape:
                raise _bad_tensor(
                    f"lora_{half} of {shown(module)} has the shape {list(halves[half].shape)}, not {list(shape)}"
                )


def _bad_tensor(fault: str) -> AdapterError:
    return AdapterError(f"{WEIGHTS}: {fault}; {_AGAIN}", WEIGHTS)


def _check_targets(config: PeftConfig, base: BaseModel) -> None:
    if isinstance(config.target_modules, str):
        return  # A pattern over modules; the tensors say which they are.
    for target in config.target_modules:
        if not any(f".{module}".endswith(f".{target}") for module in base.shapes):
            field = f"{CONFIG}: target_modules"
            raise AdapterError(f"{field}: the base model has no linear layer {shown(target)}; {_AGAIN}", field)


def _check_weights(path: Path, manifest: Manifest) -> None:
    """The values are those that were trained, and numbers. The shapes, checked before, bound what is read here."""
    import numpy as np
    from safetensors import SafetensorError, deserialize

    try:
        data = path.read_bytes()
        tensors = deserialize(data)  # type: ignore[no-untyped-call]
    except (OSError, SafetensorError) as error:
        raise AdapterError(f"{WEIGHTS} cannot be read ({cut(str(error))}); {_AGAIN}", WEIGHTS) from None
    if hashlib.sha256(data).hexdigest() != manifest.weights_digest:
        raise AdapterError(f"{WEIGHTS} is not the file that {MANIFEST} was written for; {_AGAIN}", WEIGHTS)
    for key, tensor in tensors:
        bits = np.frombuffer(tensor["data"], dtype=np.dtype("<u4" if tensor["dtype"] == "F32" else "<u2"))
        # A number with all bits of its exponent set is infinite or not a number.
        exponent = {"F32": 0x7F80_0000, "F16": 0x7C00, "BF16": 0x7F80}[tensor["dtype"]]
        if np.any((bits & exponent) == exponent):
            raise AdapterError(
                f"{WEIGHTS}: {shown(key)} holds infinity or NaN; train the adapter again with a lower learning rate",
                WEIGHTS,
            )
