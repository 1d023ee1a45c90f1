// Drills: starting one, what runs of it, ending it. Everything here is of status Exercise, whichever screen it
// is opened from, and looks like it.

import { alertButtons } from "../alerts/alert_decisions.js";
import { alertSheet } from "../alerts/alert_sheet.js";
import { post } from "../lib/api.js";
import { commandActs } from "../commands/command_list.js";
import { area, ask, typedName } from "../lib/dialogs.js";
import { eventPicker } from "../lib/event_types.js";
import { h, list } from "../lib/dom.js";
import { choices, line as textLine, unitPicker } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";
import { paged } from "../lib/paged_list.js";
import {
  act,
  chip,
  drillTag,
  eventName,
  level,
  LEVELS,
  openWords,
  panel,
} from "../lib/components.js";
import { part } from "../lib/load_status.js";

const STATUS = "Exercise";
const ENDS = ["dismiss", "recall", "lift"];
const SHOWN = 50;

/** Build the board; `ctx` = {me, ofHere} of the frame. */
export function drillsBoard(ctx) {
  const running = h("ul", { class: "cards", id: "drills-running" });
  const orders = h("ul", { class: "cards", id: "drill-commands" });
  const alerts = paged(
    "alerts",
    (one) => one.alert_id,
    () => loads.alerts(),
    SHOWN,
  );
  const commands = paged(
    "commands",
    (one) => one.command_id,
    () => loads.commands(),
    SHOWN,
  );
  const query = { status: STATUS, open: 1 };
  const loads = {
    alerts: part(
      running,
      () => ctx.ofHere(alerts.read("/api/alerts", query)),
      (found) => {
        list(
          running,
          found.alerts,
          (one) => one.alert_id,
          alert,
          t("drills.none"),
        );
        alerts.show(found);
      },
    ),
    commands: part(
      orders,
      () => ctx.ofHere(commands.read("/api/commands", query)),
      (found) => {
        list(
          orders,
          found.commands,
          (one) => one.command_id,
          command,
          t("drills.no.commands"),
        );
        commands.show(found);
      },
    ),
  };

  function refresh() {
    for (const run of Object.values(loads)) run();
  }

  function alert(one) {
    const ends = ENDS.filter(
      (verb) => one.may.includes(verb) || one.may_also.includes(verb),
    );
    return h(
      "li",
      { class: `card drill ${one.level ?? one.proposed_level ?? ""}` },
      h(
        "div",
        { class: "row" },
        drillTag(one),
        one.level ? level(one.level) : level(one.proposed_level, true),
        chip(t(`alert.${one.state}`)),
        h(
          "span",
          { class: "tail" },
          t("drills.since", { time: when(one.occurred_at) }),
        ),
      ),
      h("h3", {}, openWords(one, one.headline)),
      h(
        "p",
        { class: "facts" },
        h("span", {}, one.place_name),
        h("span", {}, eventName(one.event_type)),
      ),
      h(
        "p",
        { class: "muted" },
        ends.length
          ? t(
              one.state === "issued"
                ? "drills.end.issued"
                : "drills.end.before",
            )
          : t("drills.end.others"),
      ),
      h(
        "div",
        { class: "acts" },
        alertButtons(one, ends, refresh),
        act(t("details"), () => alertSheet(one.alert_id, refresh), {
          class: "plain",
          "data-focus": `${one.alert_id}-details`,
        }),
      ),
    );
  }

  function command(one) {
    return h(
      "li",
      { class: `card drill ${one.level}` },
      h(
        "div",
        { class: "row" },
        drillTag(one),
        level(one.level),
        chip(t(`command.${one.state}`)),
        h("span", { class: "tail" }, when(one.sent_at)),
      ),
      h("h3", {}, openWords(one, one.title)),
      h(
        "p",
        { class: "facts" },
        h("span", {}, `${one.issuer_name} → ${one.root_name}`),
        h(
          "span",
          {},
          `${t("signed")} ${one.totals.signed}/${one.totals.total}`,
        ),
      ),
      h("div", { class: "acts" }, commandActs(one, refresh)),
    );
  }

  return {
    node: h(
      "div",
      { class: "drill-zone" },
      h(
        "div",
        { class: "stripes drill-band" },
        h("span", {}, t("drill.banner")),
      ),
      h(
        "div",
        { class: "columns two" },
        h(
          "div",
          { class: "stack" },
          panel(
            "drills.start",
            h(
              "div",
              { class: "stack" },
              h(
                "ol",
                { class: "steps" },
                ["drills.how.1", "drills.how.2", "drills.how.3"].map((key) =>
                  h("li", {}, t(key)),
                ),
              ),
              h(
                "div",
                { class: "acts" },
                ctx.me.may_issue &&
                  act(t("drills.start"), () => start(ctx.me, refresh), {
                    class: "primary",
                    id: "start-drill",
                  }),
                h(
                  "a",
                  { class: "button", href: "/?status=Exercise#overview" },
                  t("drills.screen"),
                ),
                h(
                  "a",
                  { class: "button", href: "/?status=Exercise#cases" },
                  t("drills.cases"),
                ),
              ),
            ),
          ),
          panel("drills.commands", [orders, commands.more], commands.count),
        ),
        h(
          "div",
          { class: "stack" },
          panel("drills.running", [running, alerts.more], alerts.count),
        ),
      ),
    ),
    refresh,
    line: (line) => {
      if (line.kind === "alert") loads.alerts();
      if (line.kind === "command" || line.kind === "assignments")
        loads.commands();
    },
  };
}

/** Ask for the scenario; the place has to be typed, with the word for a drill before it. */
function start(me, done) {
  const key = crypto.randomUUID();
  const place = unitPicker(t("case.place"), {
    unit: me.unit,
    name: me.unit_name,
  });
  ask({
    words: t("drills.start"),
    about: {
      status: STATUS,
      place: me.unit_name,
      headline: t("drills.start.note"),
    },
    fields: [
      textLine(t("compose.title"), "title", { required: true }),
      eventPicker(),
      choices(
        t("drills.level"),
        "radio",
        "level",
        LEVELS.map((one) => [one, t(`level.${one}`)]),
      ),
      place,
      area(t("drills.text"), "text", 3_900),
    ],
    type: () => typedName({ status: STATUS }, place.unit.name),
    send: async ({ form }) => {
      const { title, event, level: shade, text: scenario } = form.elements;
      await post(
        "/api/drills",
        {
          title: title.value.trim(),
          event_type: event.value,
          level: shade.value,
          place: place.value,
          text: scenario.value.trim(),
        },
        key,
      );
      setTimeout(done, 1_500); // alerting has opened it by then, mostly
    },
  });
}
