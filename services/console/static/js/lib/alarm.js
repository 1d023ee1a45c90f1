// The alarm of this device: its ring and its pushes. Their state is always visible; after each
// sign-in one press tests both. Later the same button opens the settings.

import { post } from "./api.js";
import { button, LEVELS } from "./components.js";
import { dialogTitle, openDialog, problemLine } from "./dialogs.js";
import { fill, h, text } from "./dom.js";
import { formatTime, t } from "./i18n.js";
import { push } from "./push.js";
import { sound, unblockOnPress } from "./sound.js";

/** @import { Officer } from "../types/page.d.ts" */
/** @import { InstallOffer, PushDevice } from "../types/push.d.ts" */

const TEST_LEVEL = "orange";
const TESTED_KEY = "alarm-tested";

/** @type {InstallOffer | null} */
let installOffer = null;
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  installOffer = /** @type {InstallOffer} */ (event);
});

/** @type {() => void} */
let showControls = () => {};

/**
 * Begin with the alarm of an officer who has signed in; a failure shows as its state.
 * @param {Officer} officer
 */
export async function beginAlarm(officer) {
  unblockOnPress(() => showControls());
  try {
    await push.begin(officer);
  } catch {
    // The state says that pushes are off.
  }
  showControls();
}

/**
 * Make the state of the alarm and the button that tests it.
 * @param {Officer} officer
 */
export function alarmControls(officer) {
  const label = h("span", { id: "alarm-state", role: "status" });
  const node = h("button", { type: "button", id: "alarm" });
  node.addEventListener("click", async () => {
    if (needsTest(officer)) await test(officer);
    else openSettings(officer);
    showControls();
  });
  showControls = () => {
    const words = alarmWords();
    if (label.textContent !== words) label.textContent = words;
    label.className = `alarm ${sound.state === "on" ? "on" : "off"}`;
    node.textContent = t(needsTest(officer) ? "alarm.test" : "alarm.settings");
    node.className = needsTest(officer) ? "primary" : "plain";
  };
  showControls();
  return h("span", { class: "alarm-controls" }, label, node);
}

/** Return the state in words; pushes that this system does not send are not mentioned. */
function alarmWords() {
  const ring = t("alarm.sound", { state: t(`sound.${sound.state}`) });
  if (push.state === "closed") return ring;
  return `${ring} · ${t("alarm.push", { state: t(`push.${push.state}`) })}`;
}

/** @param {Officer} officer */
const needsTest = (officer) => sound.state === "blocked" || testedSession() !== officer.session;

/**
 * Ring once, and ask for the permission of pushes.
 * @param {Officer} officer
 */
async function test(officer) {
  await sound.turn(true);
  sound.ring(TEST_LEVEL);
  storeTest(officer.session);
  showControls();
  if (push.state === "off") await push.turnOn(officer).catch(() => {});
}

/** @param {Officer} officer */
function openSettings(officer) {
  const problem = problemLine();
  const content = h("div", { class: "alarm-settings" });
  const deviceList = h("ul", { class: "plain-list", id: "push-devices" });

  /** @param {() => unknown} act */
  const acting = (act) => async () => {
    problem.clear();
    try {
      await act();
    } catch (error) {
      problem.show(error);
    }
    show();
    showControls();
  };

  function show() {
    const { state } = push;
    fill(
      content,
      h("p", {}, t("alarm.sound", { state: t(`sound.${sound.state}`) })),
      h(
        "div",
        { class: "acts" },
        button(
          t(sound.on ? "sound.turn.off" : "sound.turn.on"),
          acting(() => sound.turn(!sound.on)),
          { id: "sound-turn" },
        ),
        sound.state === "on" &&
          LEVELS.map((level) =>
            button(t("alarm.listen", { level: t(`level.${level}`) }), () => sound.ring(level)),
          ),
      ),
      h("p", {}, t("alarm.push", { state: t(`push.${state}`) })),
      h("p", { class: "muted" }, t(`push.${state}.hint`)),
      h("div", { class: "acts" }, pushButtons(state)),
      deviceList,
      h("p", { class: "muted" }, t("alarm.disturb")),
    );
  }

  /** @param {string} state */
  function pushButtons(state) {
    if (state === "on")
      return [
        button(t("push.test"), acting(testPush), { id: "push-test" }),
        button(
          t("push.turn.off"),
          acting(() => push.turnOff()),
          { id: "push-turn" },
        ),
      ];
    if (["closed", "absent", "blocked"].includes(state)) return [];
    const turnOn = acting(() => push.turnOn(officer));
    return [button(t("push.turn.on"), turnOn, { id: "push-turn" })];
  }

  const testPush = () =>
    post("/api/duty/tests", { unit: officer.unit, officer_id: officer.officer_id });

  const offer = installOffer;
  const dialog = openDialog(
    h(
      "div",
      { class: "sheet" },
      dialogTitle(t("alarm.settings")),
      content,
      problem.node,
      h(
        "div",
        { class: "buttons" },
        offer && button(t("install"), () => offer.prompt(), { id: "install" }),
        button(t("close"), () => dialog.close()),
      ),
    ),
  );
  show();
  if (push.state !== "closed")
    acting(async () => fill(deviceList, (await push.devices()).devices.map(deviceLine)))();
}

/** @param {PushDevice} device */
const deviceLine = (device) =>
  h(
    "li",
    {},
    text(device.name),
    " ",
    t(`push.device.${device.ended ?? "on"}`, { at: formatTime(device.since) }),
  );

function testedSession() {
  try {
    return sessionStorage.getItem(TESTED_KEY);
  } catch {
    return null;
  }
}

/** @param {string} session */
function storeTest(session) {
  try {
    sessionStorage.setItem(TESTED_KEY, session);
  } catch {
    // The page asks for the test again after the next load.
  }
}
