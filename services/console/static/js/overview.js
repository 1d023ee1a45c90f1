// The counters on top and the tiles of the towns.

import { fill, h, list } from "./dom.js";
import { t } from "./i18n.js";
import { level, LEVELS, tiers, worse } from "./parts.js";

/** Draw the row of counters. */
export function drawCounters(container, facts) {
  const { issued, proposed, states } = facts.alerts;
  const waiting = (states.verifying ?? 0) + (states.verified ?? 0) + (states.pending_approval ?? 0);
  const given = facts.assignments;
  fill(
    container,
    counter(
      t("counter.alerts"),
      [
        h(
          "ul",
          { class: "by-level" },
          LEVELS.map((name) => h("li", { class: issued[name] ? "" : "none" }, h("b", {}, issued[name]), level(name))),
        ),
      ],
      "wide",
    ),
    counter(t("counter.waiting"), [big(waiting), small(waitingWords(states, proposed))], waiting ? "warn" : ""),
    counter(t("counter.overdue"), [big(facts.overdue), small(t("counter.overdue.parts", { sign: given.sign_overdue, finish: given.finish_overdue }))], facts.overdue ? "bad" : ""),
    counter(
      t("counter.assignments"),
      given.total
        ? [h("p", { class: "of" }, h("span", { class: "big" }, given.signed), h("span", { class: "muted" }, ` / ${given.total} ${t("signed")}`)), tiers(given.by_tier)]
        : [big(0), small(t("commands.none"))],
      "wide",
    ),
    counter(t("counter.pages"), [big(facts.pages_open), small(t("counter.pages.note"))], facts.pages_open ? "warn" : ""),
    counter(t("counter.sensors"), [big(facts.sensors_silent), small(t("counter.sensors.note"))], facts.sensors_silent ? "warn" : ""),
  );
}

function waitingWords(states, proposed) {
  const worst = LEVELS.find((name) => proposed[name]);
  const parts = ["verifying", "verified", "pending_approval"]
    .filter((name) => states[name])
    .map((name) => `${t(`alert.${name}`)} ${states[name]}`);
  return [parts.join(" · ") || t("counter.waiting.none"), worst && [h("br"), t("counter.worst", { level: t(`level.${worst}`) })]];
}

const counter = (words, content, more) => h("section", { class: `counter ${more}` }, h("h2", {}, words), content);
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

function tile(town, choose) {
  const shade = town.level ?? town.proposed;
  const dashed = town.proposed && worse(town.proposed, town.level) === town.proposed && town.proposed !== town.level;
  const words = [];
  if (town.level) words.push(t(`level.${town.level}`));
  if (dashed) words.push(t("tile.proposed", { level: t(`level.${town.proposed}`) }));
  const kind = `${shade ?? ""} ${town.level ? "issued" : ""} ${dashed ? "proposed" : ""}`;
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: `tile ${kind}`, "aria-pressed": String(town.chosen), "data-focus": town.unit, onclick: () => choose(town) },
      h("span", {}, town.name.replace(/(街道|镇)$/, "")),
      h("small", {}, words.join(" ") || t("quiet")),
    ),
  );
}
