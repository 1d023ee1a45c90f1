// Alarms (what rules raised), what silences hide of them, and sensors that say nothing.

import { silence } from "../alerts/alert_decisions.js";
import { get, post } from "../lib/api.js";
import { ask, typedName } from "../lib/dialogs.js";
import { fill, h, list, text } from "../lib/dom.js";
import { alarmTable, silenceButton } from "../alerts/alarm_table.js";
import { moment, momentOf } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";
import { paged } from "../lib/paged_list.js";
import { act, chip, drillTag, panel } from "../lib/components.js";
import { part } from "../lib/load_status.js";

const PAGE = 200;
const STANDING = 500;

/** Build the board; `ctx` = {me, status, ofHere} of the frame. */
export function alarmsBoard(ctx) {
  const alarms = h("div", { id: "alarms" });
  const silences = h("ol", { class: "lines", id: "silences" });
  const sensors = h("ol", { class: "lines tall", id: "sensors", tabindex: 0 });

  const raised = paged(
    "alarms",
    (one) => one.alarm_id,
    () => loads.alarms(),
    PAGE,
  );
  const silent = paged(
    "sensors",
    (one) => one.sensor_id,
    () => loads.sensors(),
    PAGE,
  );
  const loads = {
    alarms: part(
      alarms,
      () => ctx.ofHere(raised.read("/api/alarms", { status: ctx.status })),
      (found) => {
        fill(
          alarms,
          alarmTable(found.alarms, t("alarms.none"), (one) =>
            silenceButton(one, (alarm) => silence(alarm, refresh)),
          ),
        );
        raised.show(found);
      },
      1_500,
    ),
    silences: part(
      silences,
      () =>
        ctx.ofHere(
          get("/api/silences", {
            status: ctx.status,
            standing: 1,
            limit: STANDING,
          }),
        ),
      (found) =>
        list(
          silences,
          found.silences,
          (one) => one.silence_id,
          hidden,
          t("silences.none"),
        ),
    ),
    sensors: part(
      sensors,
      () =>
        ctx.ofHere(silent.read("/api/sensors/silent", { status: ctx.status })),
      (found) => {
        list(
          sensors,
          found.sensors,
          (one) => one.sensor_id,
          sensor,
          t("sensors.none"),
        );
        silent.show(found);
      },
      1_500,
    ),
  };

  function refresh() {
    for (const run of Object.values(loads)) run();
  }

  function hidden(one) {
    return h(
      "li",
      {},
      h("span", {}, chip(t(`silence.${one.kind}`))),
      h(
        "span",
        { class: "what" },
        drillTag(one),
        `${one.place_name} `,
        h(
          "span",
          { class: "muted" },
          [one.sensor_id, one.rule_id].filter(Boolean).join(" · "),
        ),
        h("br"),
        text(one.reason),
        h("br"),
        h(
          "span",
          { class: "muted" },
          t("silence.hides", { n: one.silenced, unit: one.unit_name }),
        ),
        one.still_firing > 0 && [" ", chip(t("silence.firing"), "bad")],
      ),
      h(
        "span",
        {},
        h("time", {}, t("silence.to", { time: when(one.end_at) })),
        one.may_end && [
          h("br"),
          act(t("silence.end"), () => end(one), {
            "data-focus": `${one.silence_id}-end`,
          }),
        ],
      ),
    );
  }

  function end(one) {
    ask({
      words: t("silence.end"),
      about: {
        status: one.status,
        place: one.place_name,
        headline: one.reason,
      },
      fields: moment(t("silence.other.end"), "end", null, false),
      type: typedName(one, one.place_name),
      reason: "required",
      send: async ({ reason, form }) => {
        await post(`/api/silences/${one.silence_id}/end`, {
          end_at: momentOf(form.elements.end),
          reason,
        });
        refresh();
      },
    });
  }

  return {
    node: h(
      "div",
      { class: "columns two wide-first" },
      h(
        "div",
        { class: "stack" },
        panel("alarms.title", [alarms, raised.more], raised.count),
      ),
      h(
        "div",
        { class: "stack" },
        panel("silences.title", silences),
        panel("sensors.title", [sensors, silent.more], silent.count),
      ),
    ),
    refresh,
    line: (line) => {
      if (line.kind === "alarm" || line.kind === "alert") loads.alarms();
      if (line.kind === "sensor") loads.sensors();
      if (line.kind === "silence") loads.silences();
    },
  };
}

function sensor(one) {
  return h(
    "li",
    {},
    h("span", {}, chip(t(`health.${one.state}`), "bad")),
    h(
      "span",
      { class: "what" },
      drillTag(one),
      text(one.name),
      h("br"),
      h("span", { class: "muted" }, one.unit_name),
      one.detail && one.state !== "silent" && [h("br"), text(one.detail)],
    ),
    h(
      "time",
      {},
      one.last_seen_at
        ? t("sensor.seen", { time: when(one.last_seen_at) })
        : "",
    ),
  );
}
