/** Actions that are sent to the server, at once or from the outbox of the phone. */

/** A summary of an action for the list of unsent actions. */
export interface ActionSummary {
  subject: string;
  verb: string;
  place?: string;
  words: string;
  version?: number;
}

export interface Action {
  path: string;
  body?: object;
  file?: Blob;
  summary: ActionSummary;
}

/** Deliver actions in their order. */
export type Deliver = (actions: Action[]) => Promise<unknown>;

export interface Refusal {
  status: number;
  reason: string;
  title: string;
  detail: string;
}

/** An action in the outbox. */
export interface OutboxEntry extends Action {
  key: string;
  officer: string;
  at: number;
  refused: Refusal | null;
}
