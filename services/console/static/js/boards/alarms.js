// The alarm board: what rules have raised, the silences, and the sensors that send nothing.

import { alarmTable, silenceButton } from "../alerts/alarm_table.js";
import { silenceAlarm } from "../alerts/alert_decisions.js";
import { get, post } from "../lib/api.js";
import { button, chip, drillTag, panel } from "../lib/components.js";
import { confirmAction, confirmationText } from "../lib/dialogs.js";
import { fill, h, renderList, text } from "../lib/dom.js";
import { momentField, momentOf } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { loadAll, loader } from "../lib/load_status.js";
import { pagedList } from "../lib/paged_list.js";

/** @import { Silence, SilentSensor } from "../types/alerts.d.ts" */
/** @import { Board, BoardContext } from "../types/page.d.ts" */

const PAGE_SIZE = 200;
const SILENCE_LIMIT = 500;
const LARGE_PART_PAUSE_MS = 1_500;

/**
 * Make the board.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function alarmsBoard(context) {
  const { status } = context;
  const alarmPart = h("div", { id: "alarms" });
  const silenceList = h("ol", { class: "lines", id: "silences" });
  const sensorList = h("ol", { class: "lines tall", id: "sensors", tabindex: 0 });
  const alarms = pagedList(
    "/api/alarms",
    "alarms",
    (alarm) => alarm.alarm_id,
    () => loaders.alarms(),
    PAGE_SIZE,
  );
  const sensors = pagedList(
    "/api/sensors/silent",
    "sensors",
    (sensor) => sensor.sensor_id,
    () => loaders.sensors(),
    PAGE_SIZE,
  );
  const silenceQuery = { status, standing: 1, limit: SILENCE_LIMIT };
  const loaders = {
    alarms: loader(
      alarmPart,
      () => context.current(alarms.load({ status })),
      (answer) => {
        const table = alarmTable(answer.alarms, t("alarms.none"), (alarm) =>
          silenceButton(alarm, () => silenceAlarm(alarm, refresh)),
        );
        fill(alarmPart, table);
        alarms.show(answer);
      },
      LARGE_PART_PAUSE_MS,
    ),
    silences: loader(
      silenceList,
      () => context.current(get("/api/silences", silenceQuery)),
      ({ silences }) =>
        renderList(
          silenceList,
          silences,
          (silence) => silence.silence_id,
          silenceItem,
          t("silences.none"),
        ),
    ),
    sensors: loader(
      sensorList,
      () => context.current(sensors.load({ status })),
      (answer) => {
        renderList(
          sensorList,
          answer.sensors,
          (sensor) => sensor.sensor_id,
          sensorItem,
          t("sensors.none"),
        );
        sensors.show(answer);
      },
      LARGE_PART_PAUSE_MS,
    ),
  };

  function refresh() {
    loadAll(loaders);
  }

  /** @param {Silence} silence */
  function silenceItem(silence) {
    const source = [silence.sensor_id, silence.rule_id].filter(Boolean).join(" · ");
    const effect = t("silence.hides", { n: silence.silenced, unit: silence.unit_name });
    const endButton = button(t("silence.end"), () => confirmEnd(silence), {
      "data-focus": `${silence.silence_id}-end`,
    });
    return h(
      "li",
      {},
      h("span", {}, chip(t(`silence.${silence.kind}`))),
      h(
        "span",
        { class: "description" },
        drillTag(silence),
        `${silence.place_name} `,
        h("span", { class: "muted" }, source),
        h("br"),
        text(silence.reason),
        h("br"),
        h("span", { class: "muted" }, effect),
        silence.still_firing > 0 && [" ", chip(t("silence.firing"), "bad")],
      ),
      h(
        "span",
        {},
        h("time", {}, t("silence.to", { time: formatTime(silence.end_at) })),
        silence.may_end && [h("br"), endButton],
      ),
    );
  }

  /** @param {Silence} silence */
  function confirmEnd(silence) {
    confirmAction({
      title: t("silence.end"),
      subject: {
        status: silence.status,
        place: silence.place_name,
        headline: silence.reason,
      },
      fields: momentField(t("silence.other.end"), "end", null, false),
      type: confirmationText(silence, silence.place_name),
      reason: "required",
      send: async ({ reason, form }) => {
        const body = { end_at: momentOf(form, "end"), reason };
        await post(`/api/silences/${silence.silence_id}/end`, body);
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
        panel("alarms.title", [alarmPart, alarms.moreButton], alarms.count),
      ),
      h(
        "div",
        { class: "stack" },
        panel("silences.title", silenceList),
        panel("sensors.title", [sensorList, sensors.moreButton], sensors.count),
      ),
    ),
    refresh,
    line: ({ kind }) => {
      if (kind === "alarm" || kind === "alert") loaders.alarms();
      if (kind === "sensor") loaders.sensors();
      if (kind === "silence") loaders.silences();
    },
  };
}

/** @param {SilentSensor} sensor */
function sensorItem(sensor) {
  const hasDetail = sensor.detail && sensor.state !== "silent";
  const lastSeen = sensor.last_seen_at;
  return h(
    "li",
    {},
    h("span", {}, chip(t(`health.${sensor.state}`), "bad")),
    h(
      "span",
      { class: "description" },
      text(sensor.name),
      h("br"),
      h("span", { class: "muted" }, sensor.unit_name),
      hasDetail && [h("br"), text(sensor.detail)],
    ),
    h("time", {}, lastSeen ? t("sensor.seen", { time: formatTime(lastSeen) }) : ""),
  );
}
