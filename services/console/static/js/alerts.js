// The list of alerts: what, where, how grave, why, and who has to do what next.

import { get, post } from "./api.js";
import { ask, open, title } from "./confirm.js";
import { h, list, text } from "./dom.js";
import { t, when } from "./i18n.js";
import { act, chip, drillTag, eventName, isDrill, level, worse } from "./parts.js";

const DANGEROUS = new Set(["approve", "dismiss", "reject"]);

/** Draw the alerts; returns those that are new since the last time. */
export function drawAlerts(container, alerts, refresh) {
  const fresh = new Set(list(container, alerts, (one) => one.alert_id, (one) => card(one, refresh), t("alerts.none")));
  return alerts.filter((one) => fresh.has(one.alert_id));
}

function card(alert, refresh) {
  const shade = worse(alert.level, alert.proposed_level);
  return h(
    "li",
    { class: `card ${shade ?? ""} ${isDrill(alert) ? "drill" : ""}` },
    h(
      "div",
      { class: "row" },
      drillTag(alert),
      alert.level && level(alert.level),
      alert.proposed_level !== alert.level && (alert.level || alert.proposed_level) && [
        alert.level && h("span", { class: "faint", "aria-hidden": "true" }, "→"),
        level(alert.proposed_level, true),
      ],
      chip(t(`alert.${alert.state}`)),
      h("span", { class: "tail" }, when(alert.sent_at)),
    ),
    h("h3", {}, text(alert.headline)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, alert.place_name),
      h("span", {}, eventName(alert.event_type)),
      h("span", {}, t("score", { n: alert.score })),
      h("span", {}, t("sources", { n: alert.distinct_sources })),
    ),
    nextStep(alert, refresh),
  );
}

function nextStep(alert, refresh) {
  const coming = alert.next;
  const buttons = alert.may.map((verb) =>
    act(t(`verb.${verb}`), () => decide(alert, verb, refresh), {
      class: verb === coming?.verb ? "primary" : verb === "dismiss" || verb === "reject" ? "danger" : null,
      "data-focus": `${alert.alert_id}-${verb}`,
    }),
  );
  buttons.push(act(t("details"), () => details(alert), { class: "plain", "data-focus": `${alert.alert_id}-details` }));
  return h("div", { class: `next ${alert.may.length ? "mine" : ""}` }, h("p", {}, nextWords(alert)), h("div", { class: "acts" }, buttons));
}

function nextWords(alert) {
  const coming = alert.next;
  if (!coming) return h("span", { class: "faint" }, t(`waiting.${alert.state}`, {}, t("next.none")));
  const goal = t(`level.${alert.proposed_level ?? "lift"}`);
  return [
    `${t("next")} `,
    h("b", {}, t(`next.${coming.verb}`, { unit: coming.unit_name, level: goal })),
    coming.needed > 0 && ` ${t("next.signed", { signed: coming.signed, needed: coming.needed })}`,
  ];
}

function decide(alert, verb, refresh) {
  ask({
    words: t(`do.${verb}`, { level: t(`level.${alert.proposed_level ?? "lift"}`) }),
    about: { status: alert.status, place: alert.place_name, headline: alert.headline },
    pick: DANGEROUS.has(verb) ? alert.proposed_level : undefined,
    reason: verb === "dismiss" || verb === "reject" ? "required" : "optional",
    danger: verb === "dismiss" || verb === "reject",
    send: async ({ reason }) => {
      await post(`/api/alerts/${alert.alert_id}/decisions`, {
        verb,
        level: alert.proposed_level,
        reason,
        version: alert.version,
      });
      refresh();
    },
  });
}

async function details(brief) {
  const alert = await get(`/api/alerts/${brief.alert_id}`);
  const dialog = open(
    h(
      "div",
      { class: "sheet" },
      title([drillTag(alert), " ", text(alert.headline)]),
      h("p", { class: "muted" }, `${alert.place_name} · ${eventName(alert.event_type)} · ${t("event.time", { time: when(alert.occurred_at) })}`),
      alert.text && text(alert.text, "p"),
      h("h3", {}, t("evidence")),
      evidence(alert.evidence),
      alert.signatures.length > 0 && [
        h("h3", {}, t("signatures")),
        h("ul", {}, alert.signatures.map((one) => h("li", {}, level(one.level), ` ${one.unit_name} ${t(`post.${one.post}`)} ${when(one.signed_at)}`))),
      ],
      alert.commands.length > 0 && [
        h("h3", {}, t("commands")),
        h("ul", {}, alert.commands.map((one) => h("li", {}, level(one.level), " ", text(one.title), ` ${one.root_name} · ${t("recipients", { n: one.recipients })}`))),
      ],
      h("div", { class: "buttons" }, act(t("close"), () => dialog.close())),
    ),
    true,
  );
}

function evidence(alarms) {
  if (!alarms.length) return h("p", { class: "empty" }, t("evidence.none"));
  const head = ["evidence.sensor", "evidence.value", "evidence.limit", "evidence.level", "evidence.at"];
  const row = (one) => {
    const unit = `${one.evidence.unit}${one.evidence.datum ? `（${one.evidence.datum}）` : ""}`;
    return h(
      "tr",
      {},
      h("td", {}, text(one.sensor_name ?? t("evidence.rule")), h("br"), h("span", { class: "faint" }, one.place_name)),
      h("td", {}, `${one.evidence.value} ${unit}`),
      h("td", {}, `${one.evidence.limit} ${unit}`),
      h("td", {}, level(one.level), " ", t(one.withdrawn ? "alarm.withdrawn" : `alarm.${one.transition}`), one.retrospective && ` ${t("alarm.retrospective")}`),
      h("td", {}, when(one.occurred_at)),
    );
  };
  return h(
    "div",
    { class: "scroller" },
    h("table", {}, h("thead", {}, h("tr", {}, head.map((key) => h("th", { scope: "col" }, t(key))))), h("tbody", {}, alarms.map(row))),
  );
}
