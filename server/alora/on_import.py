"""Run a function on a module right after its import, without importing it now.

vLLM loads its plugins in the front process, the engine process, every worker and a few helper processes. Each needs
other hooks, and importing the hooked modules in all of them would cost seconds and touch the GPU too early.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

Install = Callable[[ModuleType], None]


def on_import(installs: Mapping[str, Install]) -> None:
    """Call `installs[name]` with the module of that name: now if it is imported already, else when it is.

    A second call with the same functions does nothing.
    """
    finder = _Finder(installs)
    if finder in sys.meta_path:
        return
    sys.meta_path.insert(0, finder)
    for name, install in installs.items():
        if name in sys.modules:
            install(sys.modules[name])


class _Loader(SourceFileLoader):
    def __init__(self, loader: SourceFileLoader, install: Install) -> None:
        super().__init__(loader.name, loader.path)
        self._install = install

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        self._install(module)


@dataclass(frozen=True)
class _Finder(MetaPathFinder):
    installs: Mapping[str, Install]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        install = self.installs.get(fullname)
        if install is None:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader, install)
        return spec
