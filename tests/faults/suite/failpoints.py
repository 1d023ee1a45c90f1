"""Failpoints: before and after every await of the services, a place where a process can end.

The code of the services has no failpoint. The suite starts a service through an import hook that
puts a crossing around each await while a module is loaded: free when off. A crossing has a name of
module, function and number; `points_of_service` lists all of them.
"""

from __future__ import annotations

import ast
import builtins
import marshal
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterator, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import TypeVar

from tests.faults.suite.control_file import ControlFile

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("services", "shared")
BEFORE, AFTER = "before", "after"
T = TypeVar("T")
_AWAIT, _STEP, _ITEMS = "__crossing__", "__step__", "__items__"


class _Crossings(ast.NodeTransformer):
    """Puts a crossing around each await of a module, in the order of the source."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._scope: list[str] = []
        self._numbers: Counter[str] = Counter()
        self.names: list[str] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._scoped(node, node.name)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._scoped(node, node.name)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._scoped(node, node.name)

    def visit_Await(self, node: ast.Await) -> ast.AST:
        name = self._name()
        self.generic_visit(node)
        call = ast.Call(ast.Name(_AWAIT, ast.Load()), [ast.Constant(name), node.value], [])
        return ast.Await(call)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> list[ast.stmt]:
        """Cross when the block is entered, before it ends, and when it has ended."""
        entry, end = self._name(), self._name()
        self.generic_visit(node)
        node.body = [_step(entry, AFTER), *node.body, _step(end, BEFORE)]
        return [_step(entry, BEFORE), node, _step(end, AFTER)]

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        node.iter = self._items(node.iter)
        self.generic_visit(node)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        if node.is_async:
            node.iter = self._items(node.iter)
        self.generic_visit(node)
        return node

    def _items(self, iterable: ast.expr) -> ast.expr:
        arguments: list[ast.expr] = [ast.Constant(self._name()), iterable]
        return ast.Call(ast.Name(_ITEMS, ast.Load()), arguments, [])

    def _scoped(self, node: ast.AST, name: str) -> ast.AST:
        self._scope.append(name)
        self.generic_visit(node)
        self._scope.pop()
        return node

    def _name(self) -> str:
        scope = ".".join(self._scope)
        self._numbers[scope] += 1
        name = f"{self._module}:{scope}:{self._numbers[scope]}"
        self.names.append(name)
        return name


def _step(name: str, side: str) -> ast.stmt:
    arguments: list[ast.expr] = [ast.Constant(name), ast.Constant(side)]
    return ast.Expr(ast.Call(ast.Name(_STEP, ast.Load()), arguments, []))


def crossings(source: str | bytes, module: str) -> tuple[ast.Module, list[str]]:
    """Return a module with a crossing around each await, and the names of the crossings."""
    transformer = _Crossings(module)
    tree = transformer.visit(ast.parse(source))
    return ast.fix_missing_locations(tree), transformer.names


def modules(packages: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Yield name and file of each module below packages such as `services/alerting`."""
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


@cache
def points(package: str) -> tuple[str, ...]:
    """Return every failpoint of a package such as `services/alerting`."""
    return tuple(
        f"{name}:{side}"
        for module, path in modules((package,))
        for name in crossings(path.read_bytes(), module)[1]
        for side in (BEFORE, AFTER)
    )


def points_of_service(service: str) -> list[str]:
    """Return every failpoint of a service, those of the runtime too."""
    return [*points(f"services/{service}"), *points("shared/runtime")]


class _Loader(SourceFileLoader):
    """Loads a module with crossings; the code of a run is translated once for all processes."""

    def __init__(self, name: str, path: str, cache: Path) -> None:
        super().__init__(name, path)
        self._cache = cache

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the module with its crossings."""
        path = self._cache / fullname
        if path.exists():
            code: CodeType = marshal.loads(path.read_bytes())
            return code
        tree, _ = crossings(self.get_data(self.path), fullname)
        code = compile(tree, self.path, "exec", dont_inherit=True)
        draft = path.with_name(f"{fullname}.{os.getpid()}")
        draft.write_bytes(marshal.dumps(code))
        draft.replace(path)
        return code


class _Finder(MetaPathFinder):
    """Finds the modules of the services before Python does."""

    def __init__(self, cache: Path) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        self._cache = cache

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec with our loader; None for what is compiled or no part of the services."""
        if fullname.partition(".")[0] not in PACKAGES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _Loader(fullname, spec.loader.path, self._cache)
        return spec


class Ending:
    """Ends the process at the armed failpoint."""

    def __init__(self, control: ControlFile) -> None:
        self._control = control
        self._counter, self._point = control.counter, control.point

    def step(self, name: str, side: str) -> None:
        """Cross a point."""
        if self._control.counter != self._counter:
            self._counter, self._point = self._control.counter, self._control.point
        if self._point and self._point == f"{name}:{side}":
            self._control.point = ""
            os.kill(os.getpid(), signal.SIGKILL)

    async def crossing(self, name: str, awaitable: Awaitable[T]) -> T:
        """Await between two points."""
        self.step(name, BEFORE)
        result = await awaitable
        self.step(name, AFTER)
        return result

    async def items(self, name: str, iterable: AsyncIterable[T]) -> AsyncIterator[T]:
        """Cross before each item and after it has come."""
        self.step(name, BEFORE)
        async for item in iterable:
            self.step(name, AFTER)
            yield item
            self.step(name, BEFORE)


def install(control: ControlFile, cache: Path) -> None:
    """Let every module of the services that is imported from now on have crossings."""
    ending = Ending(control)
    setattr(builtins, _STEP, ending.step)
    setattr(builtins, _AWAIT, ending.crossing)
    setattr(builtins, _ITEMS, ending.items)
    sys.meta_path.insert(0, _Finder(cache))
