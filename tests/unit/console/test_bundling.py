"""Modules become a single script, or are refused with file and line."""

from __future__ import annotations

import pytest

from services.console.web.assets import ASSETS, LANGUAGES, STATIC
from services.console.web.bundling import Unbundled, bundle, bundle_later

MODULES = {
    "page.js": (
        'import { a, b as other } from "./parts/one.js";\nimport {\n  two,\n} from "./two.js";\n'
        "a(other, two);\n"
    ),
    "parts/one.js": (
        'import { two } from "../two.js";\n// a remark\n/** @param {number} n\n * twice */\n'
        "export function a() {}\nexport const b = two;\n"
    ),
    "two.js": (
        "export const two = 2; // kept: it stands behind code\nexport async function three() {}\n"
        "export class Four {}\n"
    ),
}
BUNDLED = """\
const $m0 = (() => {
const two = 2; // kept: it stands behind code
async function three() {}
class Four {}
return { two, three, Four };
})();
const $m1 = (() => {
const { two } = $m0;
function a() {}
const b = two;
return { a, b };
})();
const $m2 = (() => {
const { a, b: other } = $m1;
const { two } = $m0;
a(other, two);
return {  };
})();"""


def test_each_module_stands_once_behind_what_it_imports() -> None:
    script = bundle("page.js", MODULES.__getitem__)
    assert (script.text, script.later) == (BUNDLED, None)


def test_a_later_module_is_a_second_script_without_what_the_first_one_has() -> None:
    modules = {
        **MODULES,
        "page.js": 'import { b } from "./parts/one.js";\nimport("./parts/later.js").then(b);\n',
        "parts/later.js": (
            'import { b } from "./one.js";\nimport { four } from "./four.js";\n'
            "export const five = b + four;\nexport function six() {}\n"
        ),
        "parts/four.js": "export const four = 4;\n",
    }
    script = bundle("page.js", modules.__getitem__)
    assert script.later == "parts/later.js"
    assert "$later().then(b);" in script.text
    assert script.text.endswith("\nexport { $m0, $m1, $m2 };")
    later = bundle_later(script, "/assets/page-1.js", modules.__getitem__)
    assert later.text == (
        'import { $m1 } from "/assets/page-1.js";\n'
        "const $m3 = (() => {\nconst four = 4;\nreturn { four };\n})();\n"
        "const $m4 = (() => {\nconst { b } = $m1;\nconst { four } = $m3;\n"
        "const five = b + four;\nfunction six() {}\nreturn { five, six };\n})();\n"
        "export const { five, six } = $m4;"
    )


@pytest.mark.parametrize(
    ("page", "module"),
    [
        ('import("./two.js");\nimport("./parts/one.js");\n', MODULES["parts/one.js"]),
        ('import("./parts/one.js");\n', 'export const a = () => import("../two.js");\n'),
    ],
)
def test_a_page_has_two_scripts_at_most(page: str, module: str) -> None:
    modules = {**MODULES, "page.js": page, "parts/one.js": module}
    with pytest.raises(Unbundled, match=r"requested later, not one|no third script"):
        bundle_later(bundle("page.js", modules.__getitem__), "/assets/1.js", modules.__getitem__)


@pytest.mark.parametrize(
    "line",
    [
        'import one from "./two.js";',
        'import * as one from "./two.js";',
        'import "./two.js";',
        'import { one } from "elsewhere";',
        "export default 1;",
        "export let changing = 1;",
        "export { one };",
        "const later = await import(name);",
    ],
)
def test_any_other_form_is_refused_with_its_place(line: str) -> None:
    with pytest.raises(Unbundled, match=r"^page\.js:2: "):
        bundle("page.js", {**MODULES, "page.js": f"const a = 1;\n{line}\n"}.__getitem__)


def test_a_cycle_is_refused() -> None:
    with pytest.raises(Unbundled, match=r"two\.js -> page\.js: a cycle"):
        bundle(
            "page.js",
            {
                "page.js": 'import { a } from "./two.js";',
                "two.js": 'import { b } from "./page.js";',
            }.__getitem__,
        )


def test_the_pages_are_there_packed_under_the_name_of_their_content() -> None:
    assert set(ASSETS.of) == {
        *(f"{page}.{kind}" for page in ("wall", "phone", "admin") for kind in ("js", "css")),
        "wall.later.js",
        *(f"{language}.json" for language in LANGUAGES),
    }
    for asset in ASSETS.files.values():
        assert len(asset.brotli) < len(asset.gzip) < len(asset.plain) / 2
    every = {path.name for path in (STATIC / "css").iterdir()}
    wall = (
        "alarm",
        "base",
        "wall",
        "lists",
        "dialog",
        "boards",
        "cases",
        "reports",
        "drills",
        "reachability",
    )
    assert every - {"form.css"} == {f"{name}.css" for name in (*wall, "phone", "admin")}
