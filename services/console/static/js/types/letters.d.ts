/** Dead letters: refused records as the operators of the system see them. */

export type LetterState = "open" | "requested" | "fixed" | "replaying" | "replayed" | "set_aside";

export interface LetterGroup {
  topic: string;
  service: string;
  reason: string;
  state: LetterState;
  count: number;
  first: string;
  last: string;
}

export interface LetterAct {
  verb: string;
  actor: string;
  reason: string;
  at: string;
}

/** A dead letter; the server has escaped what comes from outside. */
export interface Letter {
  id: string;
  place: string;
  topic: string;
  partition: number;
  offset: number;
  service: string;
  reason: string;
  detail: string;
  sender: string;
  key: string;
  /** The beginning of the refused body. */
  body: string;
  /** The length of the body in the letter, in bytes; null without a body. */
  size: number | null;
  cut: string[];
  refused_at: string;
  state: LetterState;
  act: LetterAct | null;
  may: string[];
}

export interface LettersAnswer {
  groups: LetterGroup[];
  letters: Letter[];
  total: number;
  /** The number of older letters that were not read. */
  unread: number;
}
