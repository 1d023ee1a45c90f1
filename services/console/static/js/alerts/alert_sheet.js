// One alert looked into: what is held on each scale and by whom, why, who has signed, what can be done.

import { alertButtons, nextWords, silence } from "./alert_decisions.js";
import { get } from "../lib/api.js";
import { sensorChart } from "./sensor_chart.js";
import { named, open, title } from "../lib/dialogs.js";
import { fill, h, text } from "../lib/dom.js";
import { alarmTable, silenceButton } from "./alarm_table.js";
import { t, when } from "../lib/i18n.js";
import {
  act,
  chip,
  drillTag,
  eventName,
  isDrill,
  level,
  openWords,
} from "../lib/components.js";

const CHARTS = 3;

/** Open the sheet of an alert; `refresh` is called after an act. */
export async function alertSheet(alertId, refresh) {
  const body = h("div", { class: "sheet" }, title(t("loading")));
  const dialog = open(body, true);
  const again = () => {
    refresh();
    setTimeout(() => dialog.isConnected && draw(), 1_200); // the service has applied it by then, mostly
  };
  async function draw() {
    let alert;
    try {
      alert = await get(`/api/alerts/${alertId}`);
    } catch (problem) {
      fill(
        body,
        title(t("details")),
        h("p", { class: "problem", role: "alert" }, problem.words),
        closing(),
      );
      named(dialog);
      return;
    }
    const leave = () => dialog.close();
    fill(body, content(alert, again, leave), closing());
    named(dialog);
  }
  const closing = () =>
    h(
      "div",
      { class: "buttons" },
      act(t("close"), () => dialog.close(), { id: "sheet-close" }),
    );
  await draw();
}

function content(alert, refresh, leave) {
  const verbs = [...alert.may, ...alert.may_also];
  return [
    isDrill(alert) &&
      h(
        "div",
        { class: "stripes drill-band" },
        h("span", {}, t("drill.banner")),
      ),
    title([drillTag(alert), " ", openWords(alert, alert.headline)]),
    h(
      "p",
      { class: "muted" },
      `${alert.place_name} · ${eventName(alert.event_type)} · ${t("event.time", { time: when(alert.occurred_at) })}`,
    ),
    h(
      "div",
      { class: "row" },
      chip(t(`alert.${alert.state}`)),
      alert.flapping && chip(t("alert.flapping"), "bad"),
      alert.expires_at && chip(t("expires", { time: when(alert.expires_at) })),
      chip(t("score", { n: alert.score })),
      chip(t("sources", { n: alert.distinct_sources })),
    ),
    scales(alert),
    h("p", { class: "waits" }, nextWords(alert)),
    alert.debt &&
      h(
        "p",
        { class: "problem" },
        t("debt", {
          unit: alert.debt.unit_name,
          by: alert.debt.by_unit_name,
          n: alert.debt.approvals,
          time: when(alert.debt.due_at),
        }),
      ),
    verbs.length > 0 &&
      h(
        "div",
        { class: "acts", role: "group", "aria-label": t("acts") },
        alertButtons(alert, verbs, refresh, alert.next?.verb),
      ),
    alert.text && text(alert.text, "p"),
    further(alert, leave),
    section(
      "evidence",
      alarmTable(alert.evidence, t("evidence.none"), (one) =>
        silenceButton(one, (alarm) => silence(alarm, refresh)),
      ),
    ),
    charts(alert),
    alert.report_ids.length > 0 &&
      h(
        "p",
        { class: "muted" },
        t("reports.n", { n: alert.report_ids.length }),
      ),
    section("signatures", signatures(alert)),
    others("merged.n", alert.merged_ids, refresh),
    others(
      "merged.into",
      alert.merged_into ? [alert.merged_into] : [],
      refresh,
    ),
    alert.commands.length > 0 &&
      section(
        "commands",
        h(
          "ul",
          {},
          alert.commands.map((one) =>
            h(
              "li",
              {},
              level(one.level),
              " ",
              openWords(one, one.title),
              ` ${one.root_name} · ${t("recipients", { n: one.recipients })} · ${t(`command.${one.state}`)}`,
            ),
          ),
        ),
      ),
  ];
}

/** The alerts that this one was merged with, each to be looked into: a merge is undone where it was made. */
const others = (key, ids, refresh) =>
  ids.length > 0 &&
  h(
    "p",
    { class: "row" },
    h("span", { class: "muted" }, t(key, { n: ids.length })),
    ids.map((id, n) =>
      act(
        t("merged.open", { n: ids.length > 1 ? n + 1 : "" }),
        () => alertSheet(id, refresh),
        { class: "plain", "data-focus": id },
      ),
    ),
  );

/** Where else it is told of: on the boards behind the sheet. */
const further = (alert, leave) =>
  h(
    "p",
    { class: "row" },
    h(
      "a",
      {
        class: "button",
        href: `#reports/${alert.incident_id}`,
        onclick: leave,
      },
      t("sheet.reports"),
    ),
    h(
      "a",
      { class: "button", href: `#cases/${alert.alert_id}`, onclick: leave },
      t("sheet.case"),
    ),
  );

/** The sensors behind an alert, the gravest first, as many as a person compares. */
function charts(alert) {
  const sensors = new Map(
    alert.evidence
      .filter((one) => one.sensor_id)
      .map((one) => [one.sensor_id, one.sensor_name]),
  );
  const first = [...sensors].slice(0, CHARTS);
  return (
    first.length > 0 &&
    section(
      "chart.title",
      first.map(([id, name]) => sensorChart(id, name, alert.status)),
    )
  );
}

const section = (key, content) =>
  h("section", {}, h("h3", {}, t(key)), content);

/** Three scales that are never mixed, each with what every unit holds. */
function scales(alert) {
  const held = (name, words) =>
    alert.positions
      .filter((one) => one[name])
      .map((one) =>
        h(
          "li",
          {},
          `${one.unit_name}：${words(one[name])} `,
          h("span", { class: "faint" }, when(one.at)),
        ),
      );
  const grade = (one) => (one ? t(`grade.${one}`) : t("scale.unsaid"));
  const response = (one) => (one ? t(`response.${one}`) : t("scale.unsaid"));
  const shade = (one) => t(`level.${one}`);
  const issued = alert.level
    ? level(alert.level)
    : h("span", { class: "faint" }, t("scale.not.issued"));
  const proposed = alert.proposed_level !== alert.level && [
    " → ",
    level(alert.proposed_level, true),
  ];
  return h(
    "div",
    { class: "scales" },
    h(
      "div",
      {},
      h("h3", {}, t("scale.level")),
      h("p", {}, issued, proposed),
      h("ul", {}, held("level", shade)),
    ),
    h(
      "div",
      {},
      h("h3", {}, t("scale.grade")),
      h("p", {}, grade(alert.incident_grade)),
      h("ul", {}, held("incident_grade", grade)),
    ),
    h(
      "div",
      {},
      h("h3", {}, t("scale.response")),
      h("p", {}, response(alert.response_level)),
      h("ul", {}, held("response_level", response)),
    ),
  );
}

function signatures(alert) {
  const missing = Math.max(
    0,
    (alert.next?.needed ?? 0) - (alert.next?.signed ?? 0),
  );
  return [
    alert.signatures.length > 0
      ? h(
          "ul",
          {},
          alert.signatures.map((one) =>
            h(
              "li",
              {},
              level(one.level),
              ` ${one.unit_name} ${t(`post.${one.post}`)} ${when(one.signed_at)}`,
            ),
          ),
        )
      : h("p", { class: "empty" }, t("signatures.none")),
    missing > 0 &&
      h(
        "p",
        { class: "warn" },
        t("signatures.missing", { n: missing, unit: alert.approver_name }),
      ),
  ];
}
