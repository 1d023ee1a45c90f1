// The panel of the towns: tiles, or the map that the person has loaded, with tiles for towns it does not have.

import { fill, h, s } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { keepMap, keptMap, MapProblem, readFile } from "./town_map.js";
import { drawMap, drawTiles } from "./counters.js";
import { act, panel } from "../lib/components.js";
import { standing } from "../lib/load_status.js";

/** Build it for the screen of `unit`; `choose(town)` is called with what is pressed. */
export function townsPanel(unit, choose) {
  const tiles = h("ul", { class: "tiles", id: "tiles" });
  const areas = s(
    "svg",
    {
      class: "map",
      id: "map",
      hidden: true,
      role: "group",
      "aria-label": t("map.title"),
    },
    s("g"),
    s("g", { class: "labels" }),
  );
  const problem = h("p", {
    class: "problem",
    id: "map-problem",
    role: "alert",
    hidden: true,
  });
  const tail = h("span", { class: "map-tail" });
  const file = h("input", {
    type: "file",
    id: "map-file",
    class: "hidden-visually",
    tabindex: -1,
    accept: ".geojson,.json,application/geo+json",
    "aria-label": t("map.load"),
    onchange: take,
  });
  const shown = { towns: [], chosen: null, kept: keptMap(unit) };

  async function take() {
    const [one] = file.files;
    file.value = "";
    if (!one) return;
    problem.hidden = true;
    try {
      use({ file: one.name, map: await readFile(one, shown.towns) });
    } catch (why) {
      if (!(why instanceof MapProblem)) throw why;
      problem.hidden = false;
      problem.textContent = t(why.message);
    }
  }

  function use(kept) {
    shown.kept = kept;
    keepMap(unit, kept);
    draw();
  }

  function draw() {
    const map = shown.kept?.map;
    const there = new Set(map?.shapes.map((one) => one.unit));
    const missing = shown.towns.filter((town) => !there.has(town.unit));
    areas.toggleAttribute("hidden", !map);
    if (map) drawMap(areas, map, shown.towns, shown.chosen, choose);
    tiles.hidden = map && !missing.length;
    drawTiles(tiles, missing, shown.chosen, choose);
    const words = map
      ? t("map.shown", {
          file: shown.kept.file,
          n: shown.towns.length - missing.length,
          all: shown.towns.length,
        })
      : t("tiles.note");
    const button = map
      ? act(t("map.remove"), () => use(null), {
          class: "plain",
          id: "map-remove",
        })
      : act(t("map.load"), () => file.click(), {
          class: "plain",
          id: "map-load",
        });
    if (tail.firstChild?.textContent !== words)
      fill(tail, h("span", { dir: "auto" }, words), button);
  }

  return {
    node: panel("tiles.title", [areas, tiles, problem, file], tail),
    standing: standing(tiles),
    draw: (towns, chosen) => {
      Object.assign(shown, { towns, chosen });
      draw();
    },
  };
}
