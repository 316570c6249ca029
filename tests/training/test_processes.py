"""Training in several processes, as `accelerate launch` starts them for several GPUs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch

from tests.training.test_trainer import SETTINGS, Session

_SETTINGS = SETTINGS.model_copy(update={"dropout": 0.0, "batch_size": 5})
_ROOT = Path(__file__).parents[2]


def main(folder: Path) -> None:
    """What each process does: the weights that the first has in the end are in a file."""
    session = Session(folder / os.environ.get("RANK", "0"), _SETTINGS)
    session.trainer.train()
    if os.environ.get("RANK", "0") == "0":
        torch.save(session.weights, folder / "weights.pt")


def test_two_processes_train_the_same_adapter_as_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", __file__]
    environment = os.environ | {"PYTHONPATH": str(_ROOT), "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr
    session = Session(tmp_path / "alone", _SETTINGS)
    session.trainer.train()
    together = torch.load(tmp_path / "weights.pt", weights_only=True)
    torch.testing.assert_close(together, session.weights, rtol=1e-3, atol=1e-4)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
