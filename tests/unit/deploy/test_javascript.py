"""The checks of the scripts report planted errors; a failed installation becomes one sentence."""

import json
from pathlib import Path

import pytest

from deploy.javascript import tools
from tests.support.javascript import installed_tools

PLANTED_TYPE_ERROR = """\
/** @param {number} count */
export const twice = (count) => count.toUpperCase();
"""
PLANTED_UNTYPED = "export const twice = (count) => count + count;\n"
PLANTED_RULE_ERROR = """\
/** Return the first entry. */
export function first() {
  const found = [1];
  return found[0];
}
"""
PLANTED_LONG_LINE = f"// {'x' * 100}\n"
CLEAN = """\
/**
 * Return the double.
 * @param {number} count
 */
export const twice = (count) => 2 * count;
"""


def test_planted_errors_are_reported_and_clean_scripts_are_not(tmp_path: Path) -> None:
    installed_tools()

    def reports(script: str) -> tuple[str, str]:
        (tmp_path / "planted.js").write_text(script, encoding="utf-8")
        settings = {"extends": str(tools.FOLDER / "tsconfig.json"), "include": ["*.js"]}
        (tmp_path / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
        return tools.check_types(tmp_path), tools.check_rules(tmp_path)

    assert reports(CLEAN) == ("", "")
    assert (
        "Property 'toUpperCase' does not exist on type 'number'" in reports(PLANTED_TYPE_ERROR)[0]
    )
    assert "implicitly has an 'any' type" in reports(PLANTED_UNTYPED)[0]
    assert "Identifier 'found' is restricted" in reports(PLANTED_RULE_ERROR)[1]
    assert "max-len" in reports(PLANTED_LONG_LINE)[1]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("npm error code EINTEGRITY", "does not have the hash"),
        ("npm error code ENOTFOUND", "npm cannot be reached"),
        ("npm error code E404", "npm cannot be reached"),
        ("npm error code ENOSPC", "the disk filled up"),
        ("Segmentation fault", "installing the tools for the scripts failed"),
    ],
)
def test_a_failed_installation_becomes_one_sentence(output: str, sentence: str) -> None:
    explanation = tools.explain(output)
    assert sentence in explanation
    assert "\n" not in explanation


def test_an_installed_tool_set_is_not_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    installed_tools()
    monkeypatch.setattr(tools, "_run", lambda *_: pytest.fail("npm was started"))
    assert tools.install() == 0


def test_a_linked_folder_of_another_tree_is_not_emptied(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tools_of_another_tree = tmp_path / "other"
    tools_of_another_tree.mkdir()
    link = tmp_path / "node_modules"
    link.symlink_to(tools_of_another_tree)
    monkeypatch.setattr(tools, "MODULES", link)
    monkeypatch.setattr(tools, "STAMP", link / ".fenghuo-stamp")
    monkeypatch.setattr(tools, "_run", lambda *_: pytest.fail("npm was started"))
    with pytest.raises(tools.ToolError, match="is a link"):
        tools.install()


def test_the_lock_pins_each_tool_by_its_hash() -> None:
    lock = json.loads((tools.FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
