// The counters on top and the tiles of the towns.

import { fill, h, list, s } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { level, LEVELS, tiers, worse } from "../lib/components.js";

/** Draw the row of counters. */
export function drawCounters(container, facts) {
  const { issued, proposed, states } = facts.alerts;
  const waiting =
    (states.verifying ?? 0) +
    (states.verified ?? 0) +
    (states.pending_approval ?? 0);
  const given = facts.assignments;
  fill(
    container,
    counter(
      t("counter.alerts"),
      [
        h(
          "ul",
          { class: "by-level" },
          LEVELS.map((name) =>
            h(
              "li",
              { class: issued[name] ? "" : "none" },
              h("b", {}, issued[name]),
              level(name),
            ),
          ),
        ),
      ],
      "wide",
    ),
    counter(
      t("counter.waiting"),
      [big(waiting), small(waitingWords(states, proposed))],
      waiting ? "warn" : "",
    ),
    counter(
      t("counter.overdue"),
      [
        big(facts.overdue),
        small(
          t("counter.overdue.parts", {
            unsigned: given.overdue_unsigned,
            unreported: given.overdue_unreported,
          }),
        ),
      ],
      facts.overdue ? "bad" : "",
    ),
    counter(
      t("counter.assignments"),
      given.total
        ? [
            h(
              "p",
              { class: "of" },
              h("span", { class: "big" }, given.signed),
              h("span", { class: "muted" }, ` / ${given.total} ${t("signed")}`),
            ),
            tiers(given.by_tier),
          ]
        : [big(0), small(t("commands.none"))],
      "wide",
    ),
    counter(
      t("counter.pages"),
      [big(facts.pages_open), small(t("counter.pages.note"))],
      facts.pages_open ? "warn" : "",
    ),
    counter(
      t("counter.sensors"),
      [big(facts.sensors_silent), small(t("counter.sensors.note"))],
      facts.sensors_silent ? "warn" : "",
    ),
  );
}

function waitingWords(states, proposed) {
  const worst = LEVELS.find((name) => proposed[name]);
  const parts = ["verifying", "verified", "pending_approval"]
    .filter((name) => states[name])
    .map((name) => `${t(`alert.${name}`)} ${states[name]}`);
  return [
    parts.join(" · ") || t("counter.waiting.none"),
    worst && [h("br"), t("counter.worst", { level: t(`level.${worst}`) })],
  ];
}

const counter = (words, content, more) =>
  h("section", { class: `counter ${more}` }, h("h2", {}, words), content);
const big = (n) => h("p", { class: "big" }, n);
const small = (words) => h("p", { class: "small" }, words);

/** Draw one tile per town; a press shows only that town's alerts, a second press all again. */
export function drawTiles(container, towns, chosen, choose) {
  list(
    container,
    towns.map((town) => ({ ...town, chosen: town.unit === chosen })),
    (town) => town.unit,
    (town) => tile(town, choose),
    t("tiles.none"),
  );
}

/** Draw the towns that a loaded map has, coloured and pressed like tiles. */
export function drawMap(svg, map, towns, chosen, choose) {
  svg.setAttribute("viewBox", `0 0 ${map.width} ${map.height}`);
  const shapes = new Map(map.shapes.map((one) => [one.unit, one]));
  const here = towns
    .filter((town) => shapes.has(town.unit))
    .map((town) => ({ ...town, chosen: town.unit === chosen }));
  const [areas, labels] = svg.children; // names lie over all areas
  list(
    areas,
    here,
    (town) => town.unit,
    (town) => area(town, shapes.get(town.unit), choose),
    "",
  );
  list(
    labels,
    here,
    (town) => town.unit,
    (town) => label(town, shapes.get(town.unit)),
    "",
  );
}

function area(town, shape, choose) {
  const { kind, words } = look(town);
  const press = () => choose(town);
  return s(
    "g",
    {
      class: `area ${kind}`,
      role: "button",
      tabindex: 0,
      "aria-pressed": String(town.chosen),
      "aria-label": `${town.name} ${words}`,
      "data-focus": town.unit,
      onclick: press,
      onkeydown: (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        press();
      },
    },
    s("path", { d: shape.d }),
  );
}

function label(town, { x, y }) {
  const { kind, words } = look(town);
  const quiet = !town.level && !town.proposed;
  return s(
    "g",
    { class: kind, "aria-hidden": "true" },
    s("text", { x, y }, short(town)),
    !quiet && s("text", { x, y, dy: "1.1em", class: "word" }, words),
  );
}

function tile(town, choose) {
  const { kind, words } = look(town);
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `tile ${kind}`,
        "aria-pressed": String(town.chosen),
        "data-focus": town.unit,
        onclick: () => choose(town),
      },
      h("span", {}, short(town)),
      h("small", {}, words),
    ),
  );
}

const short = (town) => town.name.replace(/(街道|镇)$/, "");

// The colour of a town and the words that say the same.
function look(town) {
  const shade = town.level ?? town.proposed;
  const dashed =
    town.proposed &&
    worse(town.proposed, town.level) === town.proposed &&
    town.proposed !== town.level;
  const words = [];
  if (town.level) words.push(t(`level.${town.level}`));
  if (dashed)
    words.push(t("tile.proposed", { level: t(`level.${town.proposed}`) }));
  return {
    kind: `${shade ?? ""} ${town.level ? "issued" : ""} ${dashed ? "proposed" : ""}`,
    words: words.join(" ") || t("quiet"),
  };
}
