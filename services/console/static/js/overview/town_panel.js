// The panel of the towns: tiles, or the map that the officer has loaded, with tiles for the towns
// that the map does not have.

import { button, panel } from "../lib/components.js";
import { fill, h, svg } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { loadStatus } from "../lib/load_status.js";
import { schematicMap } from "./schematic_map.js";
import { loadMap, MapProblem, readMapFile, storeMap } from "./town_map.js";
import { drawMap, drawTiles } from "./town_tiles.js";

/** @import { MapAnswer, Town } from "../types/overview.d.ts" */
/** @import { StoredMap } from "./town_map.js" */

/**
 * @typedef {object} TownPanelState
 * @property {Town[]} towns
 * @property {string | undefined} chosenUnit
 * @property {StoredMap | null} storedMap
 * @property {MapAnswer | null} places
 */

/** @param {Town[]} towns */
const unitsOf = (towns) => new Set(towns.map((town) => town.unit));

/**
 * Make the panel for the screen of `unit`; `choose(town)` is called when a town is pressed.
 * @param {string} unit
 * @param {(town: Town) => void} choose
 */
export function townPanel(unit, choose) {
  const tiles = h("ul", { class: "tiles", id: "tiles" });
  const areas = svg(
    "svg",
    { class: "map", id: "map", hidden: true, role: "group", "aria-label": t("map.title") },
    svg("g", { class: "sensors" }),
    svg("g"),
    svg("g", { class: "alarms" }),
    svg("g", { class: "labels" }),
  );
  const problem = h("p", { class: "problem", id: "map-problem", role: "alert", hidden: true });
  const tail = h("span", { class: "map-tail" });
  const input = h("input", {
    type: "file",
    id: "map-file",
    class: "hidden-visually",
    tabindex: -1,
    accept: ".geojson,.json,application/geo+json",
    "aria-label": t("map.load"),
    onchange: loadFile,
  });
  /** @type {TownPanelState} */
  const state = { towns: [], chosenUnit: undefined, storedMap: loadMap(unit), places: null };

  async function loadFile() {
    const file = input.files?.[0];
    input.value = "";
    if (!file) return;
    problem.hidden = true;
    try {
      setMap({ file: file.name, map: await readMapFile(file, state.towns) });
    } catch (error) {
      if (!(error instanceof MapProblem)) throw error;
      problem.hidden = false;
      problem.textContent = t(error.message);
    }
  }

  /** @param {StoredMap | null} storedMap */
  function setMap(storedMap) {
    state.storedMap = storedMap;
    storeMap(unit, storedMap);
    draw();
  }

  function draw() {
    const { towns, chosenUnit, storedMap, places } = state;
    const map = storedMap?.map ?? (places && schematicMap(places, unitsOf(towns)));
    const unitsOnMap = new Set(map?.shapes.map((shape) => shape.unit));
    const unmappedTowns = towns.filter((town) => !unitsOnMap.has(town.unit));
    areas.toggleAttribute("hidden", !map);
    if (map) drawMap(areas, map, towns, chosenUnit, choose, places);
    tiles.hidden = Boolean(map) && !unmappedTowns.length;
    drawTiles(tiles, unmappedTowns, chosenUnit, choose);
    const words = storedMap
      ? t("map.shown", {
          file: storedMap.file,
          n: towns.length - unmappedTowns.length,
          all: towns.length,
        })
      : t(map ? "map.schematic" : "tiles.note");
    if (tail.firstChild?.textContent === words) return;
    fill(tail, h("span", { dir: "auto" }, words), storedMap ? removeButton() : loadButton());
  }

  const removeButton = () =>
    button(t("map.remove"), () => setMap(null), { class: "plain", id: "map-remove" });
  const loadButton = () =>
    button(t("map.load"), () => input.click(), { class: "plain", id: "map-load" });

  return {
    node: panel("tiles.title", [areas, tiles, problem, input], tail),
    status: loadStatus(tiles),
    /**
     * Draw other points of the map.
     * @param {MapAnswer} places
     */
    drawPlaces: (places) => {
      state.places = places;
      draw();
    },
    /**
     * @param {Town[]} towns
     * @param {string | undefined} chosenUnit
     */
    draw: (towns, chosenUnit) => {
      Object.assign(state, { towns, chosenUnit });
      draw();
    },
  };
}
