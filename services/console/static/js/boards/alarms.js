// The alarm board: the alarms that stand, those that have ended, the warnings of other agencies,
// the silences, and the sensors that send nothing.

import { agencyWarnings } from "../alerts/agency_warnings.js";
import { alarmTable, silenceButton } from "../alerts/alarm_table.js";
import { silenceAlarm } from "../alerts/alert_decisions.js";
import { composeSilence } from "../alerts/silence_form.js";
import { get, post } from "../lib/api.js";
import { button, chip, drillTag, eventName, LEVELS, panel } from "../lib/components.js";
import { confirmAction, confirmationText } from "../lib/dialogs.js";
import { fill, h, renderList, text } from "../lib/dom.js";
import { momentField, momentOf, select, selectOf } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { loadAll, loader } from "../lib/load_status.js";
import { pagedList } from "../lib/paged_list.js";
import { debounce } from "../lib/throttle.js";

/** @import { Silence, SilentSensor } from "../types/alerts.d.ts" */
/** @import { Board, BoardContext } from "../types/page.d.ts" */

const PAGE_SIZE = 200;
const ENDED_SIZE = 50;
const SILENCE_LIMIT = 500;
const ENDING_MS = 15 * 60_000;
const LARGE_PART_PAUSE_MS = 1_500;

/**
 * Make the board.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function alarmsBoard(context) {
  const { me: officer, status } = context;
  const standingPart = h("div", { id: "alarms" });
  const endedPart = h("div", { id: "alarms-ended" });
  const silenceList = h("ol", { class: "lines", id: "silences" });
  const sensorList = h("ol", { class: "lines tall", id: "sensors", tabindex: 0 });
  const filter = { level: "", q: "" };
  const standing = alarmList(() => loaders.standing(), PAGE_SIZE);
  const ended = alarmList(() => loaders.ended(), ENDED_SIZE);
  const sensors = pagedList(
    "/api/sensors/silent",
    "sensors",
    (sensor) => sensor.sensor_id,
    () => loaders.sensors(),
    PAGE_SIZE,
  );
  const silenceQuery = { status, standing: 1, limit: SILENCE_LIMIT };
  const warnings = agencyWarnings(context);
  const loaders = {
    warnings: warnings.load,
    standing: loader(
      standingPart,
      () => requestAlarms(standing, 1),
      (answer) => {
        const emptyKey = filter.level || filter.q ? "alarms.no.match" : "alarms.none";
        const table = alarmTable(answer.alarms, t(emptyKey), (alarm) =>
          silenceButton(alarm, () => silenceAlarm(alarm, refresh)),
        );
        fill(standingPart, table);
        standing.show(answer);
      },
      LARGE_PART_PAUSE_MS,
    ),
    ended: loader(
      endedPart,
      () => requestAlarms(ended, 0),
      (answer) => {
        fill(endedPart, alarmTable(answer.alarms, t("alarms.ended.none")));
        ended.show(answer);
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

  /**
   * Request the alarms of the filter; the answer to an earlier filter is none.
   * @param {ReturnType<typeof alarmList>} list
   * @param {0 | 1} isStanding
   */
  async function requestAlarms(list, isStanding) {
    const { level, q } = filter;
    const answer = await context.current(list.load({ status, standing: isStanding, level, q }));
    return level === filter.level && q === filter.q ? answer : null;
  }

  function refresh() {
    loadAll(loaders);
  }

  /** Load both lists of alarms anew for a changed filter. */
  function applyFilter() {
    Object.assign(filter, { level: selectOf(levelField).value, q: wordsInput.value.trim() });
    for (const list of [standing, ended]) list.restart();
    loaders.standing.restart();
    loaders.ended.restart();
  }

  const levelField = select(t("case.level"), "level", [
    ["", t("all")],
    ...LEVELS.map((level) => /** @type {const} */ ([level, t(`level.${level}`)])),
  ]);
  levelField.addEventListener("change", applyFilter);
  const wordsInput = h("input", {
    type: "search",
    name: "q",
    maxlength: 80,
    autocomplete: "off",
  });
  const wordsField = h("label", { class: "words" }, t("alarms.search"), wordsInput);
  wordsInput.addEventListener("input", debounce(applyFilter));

  const newSilenceButton = button(
    t("silence.new"),
    () => composeSilence(officer, status, refresh),
    { id: "new-silence", class: "plain" },
  );

  /** @param {Silence} silence */
  function silenceItem(silence) {
    const kind = silence.event_type && eventName(silence.event_type);
    const source = [kind, silence.sensor_id, silence.rule_id].filter(Boolean).join(" · ");
    const begin = silence.window_begin ?? silence.begin_at;
    const hasBegun = Date.parse(begin) <= Date.now();
    const end = Date.parse(silence.window_end ?? silence.end_at);
    const isEnding = hasBegun && end - Date.now() < ENDING_MS;
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
        silence.days.length > 0 && [weeklyText(silence), h("br")],
        !hasBegun && [h("time", {}, t("silence.starts", { time: formatTime(begin) })), h("br")],
        h("time", {}, t("silence.to", { time: formatTime(silence.end_at) })),
        silence.until_cleared && [h("br"), h("span", { class: "muted" }, t("silence.with.alarms"))],
        isEnding && [" ", chip(t("silence.ending"), "bad")],
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
        panel(
          "alarms.title",
          [
            h("div", { class: "search", role: "search" }, levelField, wordsField),
            standingPart,
            standing.moreButton,
          ],
          standing.count,
        ),
        panel("alarms.ended", [endedPart, ended.moreButton], ended.count),
      ),
      h(
        "div",
        { class: "stack" },
        warnings.panel,
        panel("silences.title", silenceList, newSilenceButton),
        panel("sensors.title", [sensorList, sensors.moreButton], sensors.count),
      ),
    ),
    refresh,
    line: ({ kind }) => {
      if (kind === "alarm" || kind === "alert") {
        loaders.standing();
        loaders.ended();
      }
      if (kind === "sensor") loaders.sensors();
      if (kind === "silence") loaders.silences();
    },
  };
}

/**
 * Return the days and hours of a weekly silence in words.
 * @param {Silence} silence
 */
function weeklyText(silence) {
  const { daily_from: from = "", daily_until: until = "" } = silence;
  const isPastMidnight = (until ?? "") <= (from ?? "");
  return t(isPastMidnight ? "silence.every.night" : "silence.every", {
    days: silence.days.map((day) => t(`day.${day}`)).join(t("and")),
    from: from ?? "",
    until: until ?? "",
  });
}

/**
 * @param {() => void} reload
 * @param {number} size
 */
const alarmList = (reload, size) =>
  pagedList("/api/alarms", "alarms", (alarm) => alarm.alarm_id, reload, size);

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
    h(
      "time",
      {},
      lastSeen ? t("sensor.seen", { time: formatTime(lastSeen) }) : t("sensor.unheard"),
    ),
  );
}
