/** Shapes at the edge of the DOM: what may be put into an element. */

export type Child = Node | string | number | boolean | null | undefined | readonly Child[];

type Attribute = string | number | boolean | null | undefined;

type Listeners = {
  [K in keyof GlobalEventHandlersEventMap as `on${K}`]?: (
    event: GlobalEventHandlersEventMap[K],
  ) => unknown;
};

/** Attributes by name; names that begin with `on` are listeners. */
export interface Properties extends Listeners {
  [name: string]: Attribute | ((event: never) => unknown);
}

/** A value of a choice with the words that stand for it. */
export type Option = readonly [value: string | number, words: Child];
