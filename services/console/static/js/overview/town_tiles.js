// The towns as tiles, or as areas of a loaded map.

import { worseLevel } from "../lib/components.js";
import { fill, h, renderList, svg } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { project } from "./schematic_map.js";

/** @import { MapAlarm, MapAnswer, Town } from "../types/overview.d.ts" */
/** @import { TownMap, TownShape } from "./town_map.js" */

/** @typedef {Town & { isChosen: boolean }} ShownTown */
/** @typedef {(town: Town) => void} ChooseTown */

/** @param {Town} town */
const keyOf = (town) => town.unit;

/**
 * @param {Town[]} towns
 * @param {string | undefined} chosenUnit
 * @returns {ShownTown[]}
 */
const markChosen = (towns, chosenUnit) =>
  towns.map((town) => ({ ...town, isChosen: town.unit === chosenUnit }));

/**
 * Draw one tile per town; a press filters the alerts by the town, a second press shows all.
 * @param {HTMLElement} container
 * @param {Town[]} towns
 * @param {string | undefined} chosenUnit
 * @param {ChooseTown} choose
 */
export function drawTiles(container, towns, chosenUnit, choose) {
  const items = markChosen(towns, chosenUnit);
  renderList(container, items, keyOf, (town) => tile(town, choose), t("tiles.none"));
}

/**
 * Draw the towns of a loaded map, coloured and pressed like tiles.
 * @param {SVGSVGElement} drawing
 * @param {TownMap} map
 * @param {Town[]} towns
 * @param {string | undefined} chosenUnit
 * @param {ChooseTown} choose
 * @param {MapAnswer | null} places
 */
export function drawMap(drawing, map, towns, chosenUnit, choose, places) {
  drawing.setAttribute("viewBox", `0 0 ${map.width} ${map.height}`);
  const shapes = new Map(map.shapes.map((shape) => [shape.unit, shape]));
  const items = markChosen(towns, chosenUnit).flatMap((town) => {
    const shape = shapes.get(town.unit);
    return shape ? [{ ...town, shape }] : [];
  });
  const [sensors, areas, alarms, labels] = drawing.children; // The names lie over all areas.
  renderList(areas, items, keyOf, (town) => townArea(town, town.shape, choose), "");
  renderList(labels, items, keyOf, (town) => townLabel(town, town.shape), "");
  fill(
    sensors,
    places?.sensors.map((cell) => sensorPoint(project(map.projection, cell), cell.sensors)),
  );
  fill(
    alarms,
    places?.alarms.map((alarm) => alarmPoint(alarm, project(map.projection, alarm))),
  );
}

/**
 * @param {{ x: number, y: number }} point
 * @param {number} count
 */
const sensorPoint = ({ x, y }, count) =>
  svg("circle", { cx: x, cy: y, r: Math.min(9, 3 + Math.log2(count)) });

/**
 * @param {MapAlarm} alarm
 * @param {{ x: number, y: number }} point
 */
function alarmPoint(alarm, { x, y }) {
  const words = `${t(`level.${alarm.level}`)} ${alarm.name} ${alarm.place_name}`;
  return svg(
    "g",
    { class: `alarm-point ${alarm.level}`, role: "img", "aria-label": words },
    svg("path", { d: `M${x} ${y - 20}l18 32h-36Z` }),
    svg("title", {}, words),
  );
}

/**
 * @param {ShownTown} town
 * @param {TownShape} shape
 * @param {ChooseTown} choose
 */
function townArea(town, shape, choose) {
  const { kind, words } = appearance(town);
  const press = () => choose(town);
  return svg(
    "g",
    {
      class: `area ${kind}`,
      role: "button",
      tabindex: 0,
      "aria-pressed": String(town.isChosen),
      "aria-label": `${town.name} ${words}`,
      "data-focus": town.unit,
      onclick: press,
      onkeydown: (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        press();
      },
    },
    svg("path", { d: shape.d }),
  );
}

/**
 * @param {Town} town
 * @param {TownShape} shape
 */
function townLabel(town, { x, y }) {
  const { kind, words } = appearance(town);
  const hasLevel = town.level || town.proposed;
  return svg(
    "g",
    { class: kind, "aria-hidden": "true" },
    svg("text", { x, y }, shortName(town)),
    hasLevel && svg("text", { x, y, dy: "1.1em", class: "word" }, words),
  );
}

/**
 * @param {ShownTown} town
 * @param {ChooseTown} choose
 */
function tile(town, choose) {
  const { kind, words } = appearance(town);
  const button = h(
    "button",
    {
      type: "button",
      class: `tile ${kind}`,
      "aria-pressed": String(town.isChosen),
      "data-focus": town.unit,
      onclick: () => choose(town),
    },
    h("span", {}, shortName(town)),
    h("small", {}, words),
  );
  return h("li", {}, button);
}

/** @param {Town} town */
const shortName = (town) => town.name.replace(/(街道|镇|乡|县|(?<!社)区)$/, "");

/**
 * Return the colour of a town, as classes, with words of the same meaning.
 * @param {Town} town
 */
function appearance(town) {
  const { level, proposed } = town;
  const isRaised = proposed && proposed !== level && worseLevel(proposed, level) === proposed;
  const words = [];
  if (level) words.push(t(`level.${level}`));
  if (isRaised) words.push(t("tile.proposed", { level: t(`level.${proposed}`) }));
  const classes = [level ?? proposed, level && "issued", isRaised && "proposed"];
  return { kind: classes.filter(Boolean).join(" "), words: words.join(" ") || t("quiet") };
}
