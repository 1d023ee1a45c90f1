/** Values that many records of the API share. */

export type Status = "Actual" | "Exercise" | "Test";
export type Level = "red" | "orange" | "yellow" | "blue" | "notice";
export type Post = "B" | "A" | "commander";
export type Tier = "city" | "district" | "town" | "village" | "grid" | "microgrid";
export type ResponseMode = "normal" | "standby" | "emergency" | "recovery";
export type Means = "written" | "phone";

/** A record that belongs to the real world or to a drill. */
export interface WithStatus {
  status: Status;
}

/** A record whose words may be hidden from the reader. */
export interface Maskable {
  masked?: boolean;
}

/** One page of a list: `next` leads to the following one. */
export interface ListAnswer {
  next?: string | number | null;
  total?: number | null;
}
