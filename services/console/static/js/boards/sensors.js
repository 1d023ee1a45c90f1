// The board of the sensors: a search by words, and beside its results the course of the chosen
// sensor over hours, days or a month. `#sensors/ID` is its address.

import { sensorChart } from "../alerts/sensor_chart.js";
import { cardClass, chip, panel } from "../lib/components.js";
import { fill, h, renderList } from "../lib/dom.js";
import { textOf } from "../lib/forms.js";
import { t } from "../lib/i18n.js";
import { loader } from "../lib/load_status.js";
import { pagedList } from "../lib/paged_list.js";

/** @import { Sensor } from "../types/alerts.d.ts" */
/** @import { Board, BoardContext } from "../types/page.d.ts" */

const TYPING_MS = 300;

/**
 * Make the board; the item of the context is the chosen sensor.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function sensorsBoard(context) {
  const { status } = context;
  let chosenId = context.item;
  /** @type {Sensor[]} */
  let listed = [];
  const list = h("ul", { class: "cards limited", id: "sensor-list" });
  const place = h("div", { id: "sensor" }, h("p", { class: "empty" }, t("sensors.choose")));
  const sensors = pagedList(
    "/api/sensors",
    "sensors",
    (sensor) => sensor.sensor_id,
    () => load(),
  );
  const search = searchForm(() => {
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => {
      sensors.restart();
      load.restart();
    }, TYPING_MS);
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typingTimer;
  const load = loader(
    list,
    () => context.current(sensors.load({ status, q: textOf(search, "q") })),
    (answer) => {
      listed = answer.sensors;
      draw();
      sensors.show(answer);
    },
  );

  function draw() {
    const items = listed.map((item) => ({ ...item, isChosen: item.sensor_id === chosenId }));
    renderList(list, items, (item) => item.sensor_id, sensorCard, t("sensors.nothing"));
  }

  function drawChart() {
    if (chosenId) fill(place, sensorChart(chosenId, null, status));
  }

  drawChart();
  return {
    node: h(
      "div",
      { class: "columns case-columns" },
      h(
        "div",
        { class: "stack" },
        panel(
          "sensors.all",
          h("div", { class: "stack" }, search, list, sensors.moreButton),
          sensors.count,
        ),
      ),
      h("div", { class: "stack" }, panel("chart.title", place)),
    ),
    refresh: () => load(),
    go: (id) => {
      if (id === chosenId) return;
      chosenId = id;
      drawChart();
      draw();
    },
    line: ({ kind }) => {
      if (kind === "sensor") load();
    },
  };
}

/** @param {() => void} oninput */
function searchForm(oninput) {
  const words = { type: "search", name: "q", maxlength: 80, autocomplete: "off" };
  return h(
    "form",
    { class: "search", role: "search", onsubmit: (event) => event.preventDefault(), oninput },
    h("label", { class: "grow" }, t("sensors.words"), h("input", words)),
  );
}

/** @param {Sensor & { isChosen: boolean }} sensor */
function sensorCard(sensor) {
  const { sensor_id: id, state, isChosen } = sensor;
  return h(
    "li",
    { class: cardClass({}, isChosen ? "chosen" : null) },
    h(
      "h3",
      {},
      h(
        "a",
        { href: `#sensors/${id}`, "aria-current": isChosen ? "true" : null, "data-focus": id },
        sensor.name,
      ),
    ),
    h(
      "p",
      { class: "facts" },
      h("span", {}, sensor.place_name),
      h("span", {}, t(`metric.${sensor.metric}`, {}, sensor.metric)),
      state && state !== "online" && chip(t(`health.${state}`), "bad"),
    ),
  );
}
