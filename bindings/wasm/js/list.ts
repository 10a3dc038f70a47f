import { AcdError } from './error.js';

/** One page of a list. */
export interface ListPage<T> {
  /** The items, in the list's order. */
  data: T[];
  /** Where the next page begins; `null` on the last page. */
  next_cursor: string | null;
}

/**
 * A list that is read page by page. Nothing is sent until it is read: with `for await` item by item, with `pages()` page
 * by page, or with `page()` once.
 */
export class List<T> implements AsyncIterable<T> {
  readonly #start: string | undefined;
  readonly #fetch: (cursor: string | undefined) => Promise<ListPage<T>>;

  constructor(start: string | undefined, fetch: (cursor: string | undefined) => Promise<ListPage<T>>) {
    this.#start = start;
    this.#fetch = fetch;
  }

  /**
   * The first page. Its `next_cursor` is the `cursor`, in Meta's lists the `after`, of a list that goes on from there, also in
   * another process.
   */
  page(): Promise<ListPage<T>> {
    return this.#fetch(this.#start);
  }

  /** Every page, each fetched when it is asked for. */
  async *pages(): AsyncGenerator<ListPage<T>, void, undefined> {
    let cursor = this.#start;
    for (;;) {
      const page: ListPage<T> = await this.#fetch(cursor);
      yield page;
      if (page.next_cursor === null || page.next_cursor === undefined) return;
      if (page.next_cursor === cursor) {
        throw new AcdError('decode', 'the list leads back to the page that it comes from', { mayHaveBeenSent: true });
      }
      cursor = page.next_cursor;
    }
  }

  /** Every item. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }
}
