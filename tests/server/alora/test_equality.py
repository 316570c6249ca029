"""Activated adapters on the real engine give what PEFT's own implementation gives, in float32.

The CPU engine runs here. On a machine with a CUDA GPU the same tests run on vLLM's V1 and V2 model runners, with CUDA
graphs; they are marked `gpu` and were written without one.
"""

import gc
import random
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

# PEFT, transformers and vLLM warn of themselves all along.
pytestmark = pytest.mark.filterwarnings("ignore")

BLOCK = 32
OUTPUT = 10
TOLERANCE = {"cpu": 1e-3, "gpu-v1": 5e-2, "gpu-v2": 5e-2}
"""How far log-probabilities may differ. Two tokens nearer to each other than this count as equally likely. GPU kernels
may multiply in TF32, with 10 bits of mantissa."""

GPU = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")]
CPU = [pytest.mark.engine, pytest.mark.skipif(torch.cuda.is_available(), reason="this vLLM is the one for GPUs")]
ENGINES = [pytest.param("cpu", marks=CPU), pytest.param("gpu-v1", marks=GPU), pytest.param("gpu-v2", marks=GPU)]

TAIL = tuple(range(300, 306))
"""What follows the invocation, or the conversation where there is none: any few tokens."""


@dataclass(frozen=True)
class Adapter:
    """A PEFT checkpoint. `invocation` is empty for an ordinary LoRA."""

    name: str
    number: int
    rank: int
    invocation: tuple[int, ...]
    path: Path


@dataclass(frozen=True)
class Case:
    """One request: a conversation and who answers it, None for the base model."""

    conversation: tuple[int, ...]
    adapter: Adapter | None

    @property
    def prompt(self) -> tuple[int, ...]:
        return self.conversation + (self.adapter.invocation if self.adapter else ()) + TAIL

    @property
    def start(self) -> int | None:
        return len(self.conversation) if self.adapter and self.adapter.invocation else None


@dataclass(frozen=True)
class Answer:
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    cached: int
    """How many tokens of the prompt came from the prefix cache."""


class Peft:
    """The reference: transformers and PEFT, one whole forward pass a sequence."""

    def __init__(self, model_dir: Path, adapters: Sequence[Adapter], tolerance: float) -> None:
        from peft import PeftModel
        from transformers import AutoModelForCausalLM

        base = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
        self._model = PeftModel.from_pretrained(base, adapters[0].path, adapter_name=adapters[0].name)
        for adapter in adapters[1:]:
            self._model.load_adapter(adapter.path, adapter_name=adapter.name)
        self._model.eval()
        self._tolerance = tolerance

    def check(self, case: Case, answer: Answer) -> None:
        """Each token must be the most likely one after those before it, and have PEFT's log-probability."""
        assert len(answer.tokens) == OUTPUT
        ids = torch.tensor([case.prompt + answer.tokens[:-1]])
        if case.adapter is not None:
            self._model.set_adapter(case.adapter.name)
        with torch.no_grad(), nullcontext() if case.adapter else self._model.disable_adapter():
            logprobs = self._model(input_ids=ids, logits_to_keep=OUTPUT).logits[0].log_softmax(-1)
        chosen = logprobs.gather(1, torch.tensor(answer.tokens)[:, None]).squeeze(1)
        close = {"rtol": 0.0, "atol": self._tolerance}
        torch.testing.assert_close(chosen, logprobs.max(-1).values, **close)
        torch.testing.assert_close(torch.tensor(answer.logprobs), chosen, **close)


class Engine:
    """vLLM's offline engine."""

    def __init__(self, model_dir: Path, **options: Any) -> None:
        from vllm import LLM

        self.llm = LLM(
            str(model_dir),
            skip_tokenizer_init=True,
            dtype="float32",
            enable_lora=True,
            max_lora_rank=8,
            max_model_len=448,
            block_size=BLOCK,
            disable_log_stats=False,
            **options,
        )

    def generate(self, cases: Sequence[Case], **extra_args: Any) -> list[Answer]:
        """The greedy answers, in one batch. `extra_args` stand in for those that a case has."""
        from vllm import SamplingParams
        from vllm.inputs import TokensPrompt
        from vllm.lora.request import LoRARequest

        outputs = self.llm.generate(
            [TokensPrompt(prompt_token_ids=list(case.prompt)) for case in cases],
            [
                SamplingParams(
                    temperature=0,
                    max_tokens=OUTPUT,
                    ignore_eos=True,
                    detokenize=False,
                    logprobs=1,
                    extra_args=extra_args or (None if case.start is None else {"alora_start": case.start}),
                )
                for case in cases
            ],
            lora_request=[
                c.adapter and LoRARequest(c.adapter.name, c.adapter.number, str(c.adapter.path)) for c in cases
            ],
            use_tqdm=False,
        )
        return [_answer(output) for output in outputs]

    def cold(self) -> None:
        assert self.llm.reset_prefix_cache()

    def preemptions(self) -> int:
        return sum(m.value for m in self.llm.get_metrics() if m.name == "vllm:num_preemptions")

    def close(self) -> None:
        self.llm.llm_engine.engine_core.shutdown()
        # vLLM leaves a socket context to the garbage collector, which warns: here, where warnings do not count.
        del self.llm
        gc.collect()


def _answer(output: Any) -> Answer:
    completion = output.outputs[0]
    logprobs = tuple(
        by_id[token].logprob for token, by_id in zip(completion.token_ids, completion.logprobs, strict=True)
    )
    return Answer(tuple(completion.token_ids), logprobs, output.num_cached_tokens)


def conversation(length: int, seed: int) -> tuple[int, ...]:
    """Random tokens of the plainer part of the vocabulary."""
    return tuple(random.Random(seed).choices(range(500, 8000), k=length))


def make_adapter(model_dir: Path, folder: Path, number: int, invocation: Sequence[int], rank: int = 8) -> Adapter:
    """An adapter of random weights, strong enough to change most answers, as PEFT saves it."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        alora_invocation_tokens=list(invocation) or None,
    )
    model = get_peft_model(base, config)
    generator = torch.Generator().manual_seed(number)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            weight.data.normal_(0, 0.05, generator=generator)
    path = folder / f"adapter{number}"
    model.save_pretrained(path)
    return Adapter(f"adapter {number}", number, rank, tuple(invocation), path)


@pytest.fixture(scope="module")
def small_model(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first four layers and 8,192 tokens of the embedded model: real weights, and quick."""
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("small")
    model = AutoModelForCausalLM.from_pretrained(model_dir, num_hidden_layers=4)
    model.resize_token_embeddings(8192)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def adapters(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Adapter]:
    """Three activated ones, two of which share their invocation, and one ordinary LoRA."""
    folder = tmp_path_factory.mktemp("adapters")
    kinds = [((401, 402, 403), 8), ((401, 402, 403), 4), ((404, 405, 406, 407, 408), 8), ((), 8)]
    return [make_adapter(small_model, folder, k + 1, invocation, rank) for k, (invocation, rank) in enumerate(kinds)]


@pytest.fixture(scope="module", params=ENGINES)
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as env:
        env.setenv("HF_HUB_OFFLINE", "1")
        env.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        env.setenv("VLLM_USE_V2_MODEL_RUNNER", str(int(request.param == "gpu-v2")))
        yield request.param


@pytest.fixture(scope="module")
def engine(kind: str, small_model: Path) -> Iterator[Engine]:
    """Chunks of 64 tokens, so that prompts take several steps, and so few KV blocks that a full batch is preempted."""
    engine = Engine(small_model, max_loras=3, max_num_batched_tokens=64, max_num_seqs=16, num_gpu_blocks_override=16)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def peft(kind: str, small_model: Path, adapters: list[Adapter]) -> Peft:
    return Peft(small_model, adapters, TOLERANCE[kind])


@pytest.fixture(scope="module")
def cases(adapters: list[Adapter]) -> list[Case]:
    """Conversations shorter than a block, around its edges, around the chunks', and much longer; by everyone."""
    lengths = [0, 5, 31, 32, 61, 64, 90, 128, 300]
    return [Case(conversation(length, length), who) for length in lengths for who in (None, *adapters)]


@pytest.mark.engine
@pytest.mark.skipif(torch.cuda.is_available(), reason="this vLLM is the one for GPUs")
def test_the_whole_embedded_models_answers_are_pefts(
    model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Stands first, so that its engine does not run beside the one that the other tests share.
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    adapters = [make_adapter(model_dir, tmp_path, 1, (401, 402, 403)), make_adapter(model_dir, tmp_path, 2, (404, 405))]
    cases = [Case(conversation(length, length), who) for length in (3, 150, 400) for who in (None, *adapters)]
    engine = Engine(model_dir, max_loras=2, max_num_batched_tokens=512)
    try:
        answers = engine.generate(cases)
    finally:
        engine.close()
    peft = Peft(model_dir, adapters, TOLERANCE["cpu"])
    for case, answer in zip(cases, answers, strict=True):
        peft.check(case, answer)


def test_every_answer_alone_is_pefts(engine: Engine, peft: Peft, cases: list[Case]) -> None:
    for case in cases:
        engine.cold()
        [answer] = engine.generate([case])
        assert answer.cached == 0
        peft.check(case, answer)


def test_every_answer_in_mixed_batches_is_pefts_cold_and_warm_and_after_preemption(
    engine: Engine, peft: Peft, cases: list[Case]
) -> None:
    engine.cold()
    before = engine.preemptions()
    for seed in range(2):
        shuffled = random.Random(seed).sample(cases, len(cases))
        for case, answer in zip(shuffled, engine.generate(shuffled), strict=True):
            peft.check(case, answer)
    assert engine.preemptions() > before


@pytest.mark.parametrize("length", [BLOCK, 70, 3 * BLOCK])
def test_base_and_activated_adapters_share_the_whole_blocks_before_the_invocation(
    engine: Engine, peft: Peft, adapters: list[Adapter], length: int
) -> None:
    one, two, three, ordinary = adapters
    reloaded = Adapter("adapter 1 again", 9, two.rank, one.invocation, two.path)
    talk = conversation(length, 1000 + length)
    whole = length // BLOCK * BLOCK
    engine.cold()
    hits = []
    for who in (None, one, two, three, ordinary, reloaded, one, None):
        [answer] = engine.generate([Case(talk, who)])
        peft.check(Case(talk, two if who is reloaded else who), answer)
        hits.append(answer.cached)
    assert hits[:6] == [0, whole, whole, whole, 0, whole]
    # The same request again: all whole blocks of the prompt, but not its last token.
    assert hits[6:] == [(len(Case(talk, who).prompt) - 1) // BLOCK * BLOCK for who in (one, None)]


def test_a_second_step_computes_only_what_is_new(engine: Engine, peft: Peft, adapters: list[Adapter]) -> None:
    engine.cold()
    talk = conversation(100, 7)
    longer = talk + conversation(60, 8)
    for case, cached in [(Case(talk, adapters[0]), 0), (Case(longer, adapters[1]), 96), (Case(longer, None), 160)]:
        [answer] = engine.generate([case])
        peft.check(case, answer)
        assert answer.cached == cached


@pytest.mark.parametrize("start", [None, 4, 6, "5"])
def test_a_request_with_no_or_a_wrong_start_is_refused_and_the_engine_lives(
    engine: Engine, peft: Peft, adapters: list[Adapter], start: Any
) -> None:
    from vllm.exceptions import VLLMValidationError

    case = Case(conversation(5, 5), adapters[0])
    with pytest.raises(VLLMValidationError, match=r"alora_start|invocation tokens"):
        engine.generate([case], other=1) if start is None else engine.generate([case], alora_start=start)
    [answer] = engine.generate([case])
    peft.check(case, answer)
