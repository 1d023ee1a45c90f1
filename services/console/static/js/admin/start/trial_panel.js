// A test alarm 测试告警: a reading of status Exercise, and its course to the last signature.

import { get, post } from "../../lib/api.js";
import { drillBand, levelBadge, panel, tierBars } from "../../lib/components.js";
import { problemLine } from "../../lib/dialogs.js";
import { fill, h, text } from "../../lib/dom.js";
import { select, selectOf, textField, valueOf } from "../../lib/forms.js";
import { formatTime, nameOf, t } from "../../lib/i18n.js";
import { loader } from "../../lib/load_status.js";
import { throttle } from "../../lib/throttle.js";

/** @import { Sensor } from "../../types/alerts.d.ts" */
/** @import { DrillCourse } from "../../types/start.d.ts" */
/** @import { AdminTabContext } from "../../types/admin.d.ts" */

const PAUSE_MS = 1_000;
const FOLLOW_MS = 3_000;
const MOST_SENSORS = 20;

/**
 * Make the panel.
 * @param {AdminTabContext} context
 */
export function trialPanel(context) {
  const problem = problemLine();
  const find = textField(t("trial.find"), "q");
  const sensorField = select(t("trial.sensor"), "sensor", [], { required: true });
  const levelPart = h("div");
  const value = h("input", { type: "number", name: "value", step: "any", required: true });
  const outcome = h("p", { class: "muted", role: "status" });
  const course = h("div", { class: "stack", id: "test-course" });
  const load = loader(course, () => context.current(get(courseAddress(readingId))), draw, PAUSE_MS);
  let readingId = "";
  let key = crypto.randomUUID();

  const searchSensors = throttle(async () => {
    const q = find.querySelector("input")?.value ?? "";
    const answer = await context.currentOrNull(get("/api/sensors", { q, limit: MOST_SENSORS }));
    if (!answer) return;
    fill(selectOf(sensorField), answer.sensors.map(sensorOption));
    await showLevels();
  });
  find.addEventListener("input", searchSensors);
  selectOf(sensorField).addEventListener("change", showLevels);

  /** Offer the limits of the rules for the chosen sensor. */
  async function showLevels() {
    const sensorId = selectOf(sensorField).value;
    fill(levelPart);
    if (!sensorId) return;
    const query = { hours: 1 };
    const request = get(`/api/sensors/${sensorId}/readings`, query);
    const answer = await context.currentOrNull(request);
    if (!answer || sensorId !== selectOf(sensorField).value) return;
    const { levels } = answer;
    if (!levels.length) {
      fill(levelPart, h("p", { class: "muted" }, t("trial.no.levels")));
      return;
    }
    const options = levels.map(
      (rung) =>
        /** @type {const} */ ([
          `${rung.raise_at}`,
          `${t(`level.${rung.level}`)} ${rung.raise_at} · ${nameOf(rung)}`,
        ]),
    );
    const levelField = select(t("trial.level"), "level", options);
    const take = () => {
      value.value = selectOf(levelField).value;
    };
    selectOf(levelField).addEventListener("change", take);
    fill(levelPart, levelField);
    take();
  }

  const form = h(
    "form",
    {
      class: "stack",
      onsubmit: (event) => {
        event.preventDefault();
        send();
      },
    },
    find,
    sensorField,
    levelPart,
    h("label", {}, t("trial.value"), value),
    problem.node,
    h("div", { class: "acts" }, h("button", { class: "primary" }, t("trial.send"))),
  );

  async function send() {
    problem.clear();
    try {
      const body = { sensor_id: valueOf(form, "sensor"), value: Number(value.value) };
      const answer = await post("/api/drills/readings", body, key);
      key = crypto.randomUUID();
      readingId = answer.id;
      fill(outcome, t("trial.sent"));
      load.restart();
    } catch (error) {
      problem.show(error);
    }
  }

  /** @param {DrillCourse} answer */
  function draw(answer) {
    fill(
      course,
      h("h3", {}, t("trial.course")),
      h(
        "p",
        { class: "row" },
        text(answer.sensor_name),
        ` ${answer.value} ${answer.unit} `,
        answer.level && levelBadge(answer.level),
      ),
      h(
        "ol",
        { class: "steps" },
        answer.steps.map(({ step, at }) =>
          h(
            "li",
            { "data-step": step, class: at ? "done" : "muted" },
            `${t(`trial.step.${step}`)} `,
            h("span", { class: "muted" }, at ? formatTime(at) : t("trial.waiting")),
          ),
        ),
      ),
      answer.tiers.length > 0 &&
        tierBars(answer.tiers.map((row) => ({ ...row, reported: 0, overdue: 0 }))),
      answer.complete
        ? h("p", { role: "status" }, t("trial.complete"))
        : h("a", { class: "button", href: "/?status=Exercise#overview" }, t("trial.screen")),
    );
    if (!answer.complete && course.isConnected) setTimeout(() => load(), FOLLOW_MS);
  }

  const node = panel("trial.title", [
    drillBand(),
    h("p", { class: "muted" }, t("trial.how")),
    form,
    outcome,
    course,
  ]);
  node.id = "test-alarm";
  node.tabIndex = -1;
  return { node, load: searchSensors };
}

/** @param {string} readingId */
const courseAddress = (readingId) =>
  /** @type {const} */ (`/api/drills/readings/${readingId}/course`);

/** @param {Sensor} sensor */
const sensorOption = (sensor) =>
  h("option", { value: sensor.sensor_id }, `${sensor.name} · ${sensor.place_name}`);
