"""Options that several evaluation commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolsets.sandbox import BackendName

BaseUrl = Annotated[str, typer.Option(help="Where the models are served.")]
Key = Annotated[
    str, typer.Option(envvar=["DUALTUNE_API_KEY", "OPENAI_API_KEY"], show_default=False, help="Key for the models.")
]
Elsewhere = Annotated[
    list[str] | None,
    typer.Option(metavar="MODEL=URL", help="Of these models, one that is served at another URL; may be given again."),
]
ElsewhereKey = Annotated[
    str, typer.Option(envvar="DUALTUNE_ELSEWHERE_KEY", show_default=False, help="Key for the models elsewhere.")
]
MaxTokens = Annotated[int, typer.Option(min=1, help="Length of one reply.")]
Jobs = Annotated[int, typer.Option(min=1, help="How many at a time.")]
Sandbox = Annotated[
    BackendName | None, typer.Option(help="Where the tools run.", show_default="the strongest that works")
]
OutFolder = Annotated[Path, typer.Option(help="The folder with the results; started, or gone on with.")]
