// The two lists of the phone: the officer's pages and the assignments of the officer's unit, each
// with its load status and with the actions of this device.

import { problemOf } from "../lib/api.js";
import { extended, pageData, relocalized } from "../lib/i18n.js";
import { pagedList } from "../lib/paged_list.js";
import { throttle } from "../lib/throttle.js";

/** @import { Assignment } from "../types/commands.d.ts" */
/** @import { Page } from "../types/overview.d.ts" */
/** @import { OutboxEntry } from "../types/actions.d.ts" */
/** @import { PhoneAssignment, PhonePage } from "./phone_cards.js" */

/** @typedef {"pages" | "assignments"} ListName */
/** @typedef {{ loadedAt: number | null, failed: boolean }} ListStatus */

/**
 * The lists in the order of their tabs.
 * @type {ListName[]}
 */
export const LIST_NAMES = ["pages", "assignments"];
const OWN_STEPS = new Set(["sign", "report", "return"]);
const PAGE_SIZE = 100; // The server sends as many with the page.
const RETRY_MS = 5_000;

/**
 * Return whether a page needs an answer of the officer.
 * @param {PhonePage} page
 */
export const isOpenPage = (page) =>
  isUnanswered(page) && !page.sentVerb && !page.unsentVerbs.length;

/** @param {Page} page */
const isUnanswered = (page) => pageData.states.page.unanswered.includes(page.state) && !page.answer;

/**
 * Return whether an assignment needs a step of the officer.
 * @param {PhoneAssignment} assignment
 */
export const needsStep = (assignment) =>
  !assignment.sentVerb &&
  !assignment.unsentVerbs.length &&
  assignment.may.some((step) => OWN_STEPS.has(step));

/** @returns {ListStatus} */
const unloaded = () => ({ loadedAt: null, failed: false });

/** Loads both lists and knows what this device has done beyond them. */
export class PhoneLists {
  /**
   * @param {(subject: string) => OutboxEntry[]} outboxEntries
   * @param {() => void} onChange called after every attempt to load a list
   * @param {(pages: PhonePage[]) => void} onNewPages
   */
  constructor(outboxEntries, onChange, onNewPages) {
    this.outboxEntries = outboxEntries;
    this.onNewPages = onNewPages;
    /** Whether the assignments of the grids below are listed too. */
    this.withGrids = false;
    /** @type {Page[]} */
    this.pageAnswers = [];
    this.unansweredTotal = 0;
    /** @type {Assignment[]} */
    this.assignmentAnswers = [];
    /** @type {Record<ListName, ListStatus>} */
    this.status = { pages: unloaded(), assignments: unloaded() };
    /** @type {Map<string, string>} */
    this.sentVerbs = new Map();
    this.views = this.makeViews();
    this.loaders = {
      pages: this.makeLoader("pages", () => this.requestPages(), onChange),
      assignments: this.makeLoader("assignments", () => this.requestAssignments(), onChange),
    };
  }

  /** Make the counts and buttons of both lists in the present language. */
  makeViews() {
    return {
      pages: pagedList(
        "/api/pages",
        "pages",
        (page) => page.matter,
        () => this.loaders.pages(),
        PAGE_SIZE,
      ),
      assignments: pagedList(
        "/api/assignments",
        "assignments",
        (assignment) => assignment.assignment_id,
        () => this.loaders.assignments(),
        PAGE_SIZE,
      ),
    };
  }

  /** Put the loaded entries in the present language; no line is needed for that. */
  translate() {
    this.pageAnswers = this.pageAnswers.map(relocalized);
    this.assignmentAnswers = this.assignmentAnswers.map(relocalized);
  }

  /** Load both lists. */
  load() {
    this.loaders.pages();
    this.loaders.assignments();
  }

  /**
   * List the assignments of the grids below too, or leave them out.
   * @param {boolean} withGrids
   */
  setWithGrids(withGrids) {
    this.withGrids = withGrids;
    this.status.assignments = unloaded();
    this.views.assignments.restart();
    this.loaders.assignments();
  }

  /**
   * Note that the server has an action which its lists do not show yet.
   * @param {OutboxEntry} entry
   */
  noteSent({ summary }) {
    if (summary.verb === "photo") return;
    const { subject, version } = summary;
    this.sentVerbs.set(version === undefined ? subject : `${subject}-${version}`, summary.verb);
  }

  /** @returns {PhonePage[]} */
  get pages() {
    return this.pageAnswers.map((page) =>
      extended(page, {
        sentVerb: this.sentVerbs.get(page.page_id),
        unsentVerbs: this.unsentVerbs(page.page_id),
      }),
    );
  }

  /** @returns {PhoneAssignment[]} */
  get assignments() {
    return this.assignmentAnswers.map((assignment) =>
      extended(assignment, {
        sentVerb: this.sentVerbs.get(`${assignment.assignment_id}-${assignment.version}`),
        unsentVerbs: this.unsentVerbs(assignment.assignment_id),
      }),
    );
  }

  /** Return how many pages need an answer, with those that the list does not show. */
  get openPageCount() {
    const listed = this.pageAnswers.filter(isUnanswered).length;
    const unlisted = Math.max(0, this.unansweredTotal - listed);
    return this.pages.filter(isOpenPage).length + unlisted;
  }

  /** @param {string} subject */
  unsentVerbs(subject) {
    const entries = this.outboxEntries(subject).filter((entry) => !entry.refused);
    return entries.map((entry) => entry.summary.verb);
  }

  /**
   * Return whether this device has taken a step on an assignment that the server does not show yet.
   * @param {Assignment} assignment
   */
  isPending({ assignment_id: id, version }) {
    const isSent = this.sentVerbs.has(`${id}-${version}`);
    return isSent || this.unsentVerbs(id).some((verb) => verb !== "photo");
  }

  /** @returns {Promise<() => void>} */
  async requestPages() {
    const answer = await this.views.pages.load({ by_matter: 1 });
    return () => {
      const listedIds = new Set(this.pageAnswers.map((page) => page.page_id));
      const hasGrown = this.views.pages.show(answer);
      this.pageAnswers = answer.pages;
      this.unansweredTotal = answer.waiting;
      const isNew = (/** @type {PhonePage} */ page) =>
        isOpenPage(page) && !listedIds.has(page.page_id);
      const newPages = hasGrown ? [] : this.pages.filter(isNew);
      if (newPages.length) this.onNewPages(newPages);
    };
  }

  /** @returns {Promise<() => void>} */
  async requestAssignments() {
    const subtree = this.withGrids ? 1 : "";
    const answer = await this.views.assignments.load({ open: 1, subtree });
    return () => {
      this.views.assignments.show(answer);
      this.assignmentAnswers = answer.assignments;
    };
  }

  /**
   * Return a function that loads a list; a failure is shown in its status, and tried again.
   * @param {ListName} name
   * @param {() => Promise<() => void>} request gives the function that stores the answer
   * @param {() => void} onChange
   */
  makeLoader(name, request, onChange) {
    const load = throttle(async () => {
      const status = this.status[name];
      try {
        const storeAnswer = await request();
        if (status !== this.status[name]) {
          load(); // The officer has asked for something else in the meantime.
          return;
        }
        storeAnswer();
        Object.assign(status, { loadedAt: Date.now(), failed: false });
      } catch (error) {
        problemOf(error);
        status.failed = true;
        setTimeout(load, RETRY_MS);
      }
      onChange();
    });
    return load;
  }
}
