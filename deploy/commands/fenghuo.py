"""The command `fenghuo`: every verb of an operator, an officer or an author of rules.

`fenghuo VERB --help` shows the options of a verb in Chinese or English (`language.py`).
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from deploy.language import language_of, localize
from shared.contracts.fields import Language
from shared.domain.bilingual import Bilingual
from shared.runtime.errors import EXIT_USAGE

SHELLS = ("bash", "zsh", "tcsh")


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb, the module that runs it, and the arguments that the verb stands for.

    The module has `main(arguments) -> int` and `parser() -> ArgumentParser`.
    """

    name: str
    help: Bilingual
    module: str
    arguments: tuple[str, ...] = ()


VERBS = (
    Verb(
        "up",
        Bilingual(
            "在后台启动 Kafka、Postgres 与全部服务", "start Kafka, Postgres and all services"
        ),
        "deploy.local.__main__",
        ("up",),
    ),
    Verb("down", Bilingual("停止它们", "stop them"), "deploy.local.__main__", ("down",)),
    Verb(
        "status",
        Bilingual(
            "运行了什么、在哪里、是否就绪", "show the services, their addresses and readiness"
        ),
        "deploy.local.__main__",
        ("status",),
    ),
    Verb(
        "link",
        Bilingual("一次性登录地址", "print a one-time address that signs a browser in"),
        "deploy.local.__main__",
        ("link",),
    ),
    Verb(
        "admin",
        Bilingual("首位管理员的一次性地址", "print a one-time address for the first administrator"),
        "deploy.local.__main__",
        ("admin",),
    ),
    Verb(
        "demo",
        Bilingual("完整演示一遍", "play the whole chain once, explained step by step"),
        "deploy.demo.__main__",
    ),
    Verb(
        "cli",
        Bilingual("控制台接口：列表、办理、订阅", "use the console's API: list, act, watch"),
        "deploy.commands.console.main",
    ),
    Verb(
        "rules",
        Bilingual(
            "规则：检查、测试、解释、回测、绘图、发布", "check, test, explain, publish alert rules"
        ),
        "deploy.commands.rules.cli",
    ),
    Verb(
        "plans",
        Bilingual("预案：检查与解释；叫应设置", "check and explain response plans and call plans"),
        "deploy.commands.plans.cli",
    ),
    Verb(
        "sources",
        Bilingual(
            "数据来源：新建、限定、换钥、停用",
            "create, limit, rotate and revoke senders of records",
        ),
        "deploy.commands.sources.cli",
    ),
    Verb(
        "catalog",
        Bilingual(
            "资源编目：文件检查与导出，条目现状、历史与变更",
            "check and export files of the ledger, show and change its entries",
        ),
        "deploy.commands.catalog.cli",
    ),
    Verb(
        "limits",
        Bilingual("时限与权限：检查、查看、发布、预演", "check, show, publish, preview limits"),
        "deploy.commands.limits.cli",
    ),
    Verb(
        "outbox",
        Bilingual("被 Kafka 拒收的待发记录", "show and send again the rows that Kafka refused"),
        "deploy.commands.outbox",
    ),
    Verb(
        "letters",
        Bilingual(
            "死信：列表、查看、修改、重放、搁置", "list, show, correct, replay refused records"
        ),
        "deploy.commands.letters.cli",
    ),
    Verb(
        "gaps",
        Bilingual(
            "缺口：哪些记录已无法读取，接受后继续", "list and accept gaps: records that are gone"
        ),
        "deploy.commands.gaps.cli",
    ),
)
_OPTIONS = (
    ("-h, --help", Bilingual("显示本帮助", "show this help")),
    ("--version", Bilingual("显示版本", "show the version")),
    (
        "--lang zh|en",
        Bilingual("语言（缺省取自 LANG，否则中文）", "language (default from LANG, else Chinese)"),
    ),
    (
        "completion SHELL",
        Bilingual(
            f"命令补全脚本：{'、'.join(SHELLS)}", f"print a completion script: {', '.join(SHELLS)}"
        ),
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns its exit code, or 64 with one sentence for a wrong call."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    language = language_of(None, os.environ)
    if words[:1] == ["--lang"] and len(words) > 1 and words[1] in tuple(Language):
        language = Language(words[1])
        os.environ["LC_ALL"] = "en_US.UTF-8" if language is Language.EN else "zh_CN.UTF-8"
        words = words[2:]
    first, *following = words or ["--help"]
    if first in ("-h", "--help", "help"):
        print(usage(language))
        return 0
    if first == "--version":
        print(f"fenghuo {version_of_product()}")
        return 0
    if first == "completion":
        return _print_completion(following, language)
    verb = next((verb for verb in VERBS if verb.name == first), None)
    if verb is None:
        print(_wrong_verb(first, language), file=sys.stderr)
        return EXIT_USAGE
    if verb.name in ("rules", "plans", "limits"):
        _use_example_catalogue()
    run: Callable[[list[str]], int] = import_module(verb.module).main
    return run([*verb.arguments, *following])


def usage(language: Language) -> str:
    """Return the help of the command itself."""
    head = Bilingual("用法：fenghuo 动词 [选项]", "usage: fenghuo VERB [options]").of(language)
    foot = Bilingual(
        "fenghuo 动词 --help 显示该动词的选项。", "fenghuo VERB --help shows the options of a verb."
    ).of(language)
    rows = [(verb.name, verb.help) for verb in VERBS]
    lines = [f"  {name:<18} {sentence.of(language)}" for name, sentence in (*rows, *_OPTIONS)]
    return "\n".join([head, "", *lines, "", foot])


def version_of_product() -> str:
    """Return the version of the installed package, else that of this checkout."""
    try:
        return version("fenghuo")
    except PackageNotFoundError:
        import tomllib

        file = Path(__file__).resolve().parents[2] / "pyproject.toml"
        return str(tomllib.loads(file.read_text(encoding="utf-8"))["project"]["version"])


def parser() -> argparse.ArgumentParser:
    """Return one parser with all verbs, as completion scripts and tests need it."""
    top = argparse.ArgumentParser(prog="fenghuo")
    top.add_argument("--version", action="store_true")
    top.add_argument("--lang", choices=tuple(Language))
    verbs: Any = top.add_subparsers(dest="verb", metavar="VERB")
    for verb in VERBS:
        child: argparse.ArgumentParser = import_module(verb.module).parser()
        child.prog = f"fenghuo {verb.name}"
        verbs._name_parser_map[verb.name] = child
        verbs._choices_actions.append(verbs._ChoicesPseudoAction(verb.name, (), verb.help.en))
    verbs.add_parser("completion").add_argument("shell", choices=SHELLS)
    return top


def _use_example_catalogue() -> None:
    """Name the example's sensors and units for rules, plans and limits unless others are named."""
    from deploy.example import catalog
    from deploy.local.paths import REPO

    sensors, units = REPO / "var/run/catalog.jsonl", REPO / "var/run/units.jsonl"
    if not (sensors.exists() and units.exists()):
        catalog.write_all(sensors, units)
    os.environ.setdefault("FENGHUO_CATALOG", str(sensors))
    os.environ.setdefault("FENGHUO_UNITS", str(units))


def _print_completion(arguments: Sequence[str], language: Language) -> int:
    import shtab

    if len(arguments) != 1 or arguments[0] not in SHELLS:
        sentence = Bilingual(
            f"请指明一种 shell：{'、'.join(SHELLS)}。", f"name one shell: {', '.join(SHELLS)}."
        )
        print(f"fenghuo: {sentence.of(language)}", file=sys.stderr)
        return EXIT_USAGE
    print(shtab.complete(localize(parser(), language), arguments[0]))
    return 0


def _wrong_verb(word: str, language: Language) -> str:
    names = [verb.name for verb in VERBS]
    close = difflib.get_close_matches(word, names, n=1)
    zh = f"没有动词“{word}”" + (f"，是否指 {close[0]}？" if close else "。")
    en = f"there is no verb {word!r}" + (f"; did you mean {close[0]}?" if close else ".")
    every = Bilingual(f"可用：{'、'.join(names)}。", f"Verbs: {', '.join(names)}.").of(language)
    return f"fenghuo: {Bilingual(zh, en).of(language)} {every}"


if __name__ == "__main__":
    sys.exit(main())
