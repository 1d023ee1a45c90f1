// The kinds of event that a person can choose from when he begins something: codes as real systems
// use them (GB/T 35561 style, docs/sources.md S10), own slugs behind a class code where there is
// none.

import { select } from "./forms.js";
import { t } from "./i18n.js";

export const EVENTS = [
  "11A01",
  "11A02",
  "11A51",
  "11B01",
  "11B03",
  "11B04",
  "11B06",
  "11B09",
  "11B17",
  "11B20",
  "11B22",
  "11B25",
  "11B29",
  "11C02",
  "11D01",
  "11D02",
  "11G01",
  "12:gas_leak",
  "12:gas_fire",
  "12:fire",
  "12:mine_gas",
  "12:mine_fire",
  "12:burst_main",
  "13",
  "14",
];

/** A drop-down of the kinds of event. */
export const eventPicker = (name = "event") =>
  select(
    t("compose.event"),
    name,
    EVENTS.map((one) => [one, t(`event.${one}`)]),
  );
