"""From settings to the parts of a running server, with everything checked that can be before the engine starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adapters import AdapterError, BaseModelError, Store, describe_base_model
from server.chat_template import ChatTemplate, TemplateError
from server.cli import CommandError
from server.embedded import EMBEDDED_MODEL, EmbeddedModelError, default_model, ensure_model, is_whole, model_folder
from server.engine.base import Engine
from server.engine.supervisor import SupervisedEngine
from server.engine.vllm import VllmEngine
from server.engine.vllm_start import VllmOptions, prepare_environment
from server.prompt import PROMPT_FORMAT, Prompts
from server.settings import Settings
from toolsets import Registry


@dataclass(frozen=True, slots=True)
class Parts:
    """`problems` are things that were left out, a line each."""

    name: str
    engine: SupervisedEngine
    store: Store
    registry: Registry
    prompts: Prompts
    problems: tuple[str, ...]


def assemble(settings: Settings) -> Parts:
    """Raises `CommandError` when the model is missing or unfit. Takes seconds: it reads the model's files."""
    name, folder = find_model(settings)
    registry = Registry.load(*settings.toolsets)
    store = open_store(settings, name, folder)
    prompts = Prompts(load_template(folder))
    misfits = {name: prompts.misfit(adapter.invocation_tokens) for name, adapter in store.available.items()}
    for adapter in store.available.values():
        if misfits[adapter.name] is None:
            store.add(adapter)
    options = VllmOptions(
        model=folder,
        name=name,
        max_lora_rank=settings.max_lora_rank,
        max_loras=settings.max_loras,
        engine=settings.engine,
    )

    async def start() -> Engine:
        return await VllmEngine.start(options)

    return Parts(
        name=name,
        engine=SupervisedEngine(start, store.loaded.values(), on_lost=store.unload, is_unchanged=store.is_unchanged),
        store=store,
        registry=registry,
        prompts=prompts,
        problems=(
            *(f"{problem.folder}: {problem.message}" for problem in registry.problems),
            *(f"{problem.folder}: {problem.message}" for problem in store.problems),
            *(f"adapter {name}: {reason}" for name, reason in misfits.items() if reason),
        ),
    )


def find_model(settings: Settings) -> tuple[str, str]:
    """The name of the base model, and the folder that holds it; prepared or fetched first where it must be."""
    wanted = settings.model or default_model()
    if wanted == EMBEDDED_MODEL:
        try:
            return EMBEDDED_MODEL, str(ensure_model())
        except EmbeddedModelError as error:
            raise CommandError(str(error)) from error
    return _local_folder(wanted) or (wanted, _download(wanted))


def find_local_model(settings: Settings) -> tuple[str, str]:
    """As `find_model`, but of what is on this machine already. Raises `CommandError` where it is not."""
    wanted = settings.model or default_model()
    if wanted == EMBEDDED_MODEL:
        folder = model_folder()
        if is_whole(folder):
            return EMBEDDED_MODEL, str(folder)
        raise CommandError(f"{EMBEDDED_MODEL} is not prepared yet: the first `dualtune serve` does it")
    return _local_folder(wanted) or (wanted, _download(wanted, offline=True))


def _local_folder(model: str) -> tuple[str, str] | None:
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder.resolve().name, str(folder.resolve())
    if model.startswith((".", "/", "~")):
        raise CommandError(f"--model {model}: there is no such folder")
    return None


def _download(model: str, *, offline: bool = False) -> str:
    """The folder of a hub model, fetched first where it is not in the cache. Weights as safetensors only."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return snapshot_download(
            model,
            allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"],
            local_files_only=offline,
        )
    except HFValidationError as error:
        raise CommandError(f"--model {model}: neither a folder nor the id of a model on the hub") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise CommandError(f"--model {model}: it is not on this machine and cannot be fetched: {reason}") from error


def open_store(settings: Settings, name: str, folder: str) -> Store:
    """The adapters for the model in `folder`, discovered and checked."""
    try:
        base = describe_base_model(folder, name=name)
        store = Store(settings.adapters, base, max_rank=settings.max_lora_rank, prompt_format=PROMPT_FORMAT)
        store.discover()
    except (BaseModelError, AdapterError) as error:
        raise CommandError(f"--model {name}: {error}") from error
    return store


def load_template(folder: str) -> ChatTemplate:
    prepare_environment()
    from transformers import AutoTokenizer

    try:
        return ChatTemplate(AutoTokenizer.from_pretrained(folder, trust_remote_code=False))
    except (OSError, ValueError, TemplateError) as error:
        raise CommandError(f"--model {folder}: its tokenizer cannot be loaded: {error}") from error
