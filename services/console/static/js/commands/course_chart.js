// The signatures and reports of a command or a case over time: a drawing, and the same as text.

import { get, problemOf } from "../lib/api.js";
import { fill, h, svg } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";

/** @import { CourseAnswer } from "../types/commands.d.ts" */

const SIZE = { width: 720, height: 170 };
const NARROW = { width: 340, height: 170 };
const NARROW_PX = 560;
const MARGIN = { leading: 44, trailing: 12, top: 14, bottom: 24 };

/**
 * Make a chart that loads itself from `/api/commands/ID/course` or `/api/cases/ID/course`.
 * @param {`/api/commands/${string}/course` | `/api/cases/${string}/course`} path
 */
export function courseChart(path) {
  const body = h("div", {}, h("p", { class: "muted" }, t("loading")));
  async function load() {
    try {
      const course = await get(path);
      fill(body, course.points.length ? [drawing(course), legend()] : empty());
    } catch (error) {
      fill(body, h("p", { class: "problem", role: "alert" }, problemOf(error).text));
    }
  }
  load();
  return h("figure", { class: "chart" }, h("figcaption", {}, t("course.title")), body);
}

const empty = () => h("p", { class: "empty" }, t("course.none"));

const legend = () =>
  h(
    "p",
    { class: "legend" },
    h("span", { class: "key signed" }),
    `${t("signed")} `,
    h("span", { class: "key reported" }),
    t("reported"),
  );

/** @param {CourseAnswer} course */
function drawing({ total, sign_by: deadline, points }) {
  const { width, height } = innerWidth < NARROW_PX ? NARROW : SIZE;
  const right = width - MARGIN.trailing;
  const bottom = height - MARGIN.bottom;
  const begin = new Date(points[0].at).getTime();
  const end = new Date(points[points.length - 1].at).getTime();
  /** @param {number} at */
  const x = (at) => MARGIN.leading + ((at - begin) / (end - begin || 1)) * (right - MARGIN.leading);
  /** @param {number} count */
  const y = (count) => bottom - (count / total) * (bottom - MARGIN.top);
  /** @param {"signed" | "reported"} name */
  function line(name) {
    const path = points.map((point, index) => {
      const level = y(point[name]).toFixed(1);
      const at = x(new Date(point.at).getTime()).toFixed(1);
      return index ? `H${at}V${level}` : `M${MARGIN.leading} ${level}`;
    });
    return svg("path", { class: `line ${name}`, d: path.join("") });
  }
  const due = deadline ? new Date(deadline).getTime() : null;
  const last = points[points.length - 1];
  const words = t("course.table", {
    time: formatTime(last.at),
    signed: `${last.signed}/${total}`,
    reported: `${last.reported}/${total}`,
  });
  return [
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words },
      [0, total].map((count) => [
        svg("line", { class: "grid", x1: MARGIN.leading, x2: right, y1: y(count), y2: y(count) }),
        svg(
          "text",
          { class: "tick", x: MARGIN.leading - 6, y: y(count) + 4, "text-anchor": "end" },
          count,
        ),
      ]),
      due !== null &&
        due > begin &&
        due < end && [
          svg("line", { class: "due", x1: x(due), x2: x(due), y1: MARGIN.top, y2: bottom }),
          svg("text", { class: "tick", x: x(due) + 4, y: MARGIN.top + 10 }, t("course.due")),
        ],
      line("signed"),
      line("reported"),
      [
        svg("text", { class: "tick", x: MARGIN.leading, y: height - 6 }, timeText(begin)),
        svg(
          "text",
          { class: "tick", x: right, y: height - 6, "text-anchor": "end" },
          timeText(end),
        ),
      ],
    ),
    h("p", { class: "faint" }, words),
  ];
}

/** @param {number} at */
const timeText = (at) => formatTime(at).slice(0, -3);
