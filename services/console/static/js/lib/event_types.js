// The types of event that an officer can choose from: codes as real systems use them (GB/T 35561
// style, docs/sources.md S10), own names behind a class code where there is none.

import { eventName } from "./components.js";
import { select } from "./forms.js";
import { t } from "./i18n.js";

export const EVENT_TYPES = [
  "11A01",
  "11A02",
  "11A51",
  "11B01",
  "11B03",
  "11B04",
  "11B05",
  "11B06",
  "11B07",
  "11B09",
  "11B14",
  "11B15",
  "11B16",
  "11B17",
  "11B19",
  "11B20",
  "11B21",
  "11B22",
  "11B25",
  "11B29",
  "11C02",
  "11D01",
  "11D02",
  "11E02",
  "11E06",
  "11G01",
  "12:gas_leak",
  "12:gas_fire",
  "12:fire",
  "12:mine_gas",
  "12:mine_fire",
  "12:burst_main",
  "13",
  "14:mass_incident",
  "14:public_opinion",
  "14",
];

/**
 * Make a drop-down list of the types of event.
 * @param {string | null} [extra] a type that can be chosen as well
 */
export function eventTypePicker(extra) {
  const codes = new Set([...(extra ? [extra] : []), ...EVENT_TYPES]);
  const options = [...codes].map((code) => /** @type {const} */ ([code, eventName(code)]));
  return select(t("compose.event"), "event", options);
}
