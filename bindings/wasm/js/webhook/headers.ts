import type { WebhookHeaders } from './types.js';

/** What a message has under the names of headers, as the module takes it. */
export class Found {
  /** A bit for each name that is there. */
  present = 0;
  /** A bit for each that is there more than once. */
  repeated = 0;
  readonly #values: string[] = [];

  /** Looks the names up. Each is in lower case; those of a record may be in any. */
  constructor(headers: WebhookHeaders, names: readonly string[]) {
    if (isHeaders(headers)) {
      names.forEach((name, place) => this.#add(place, headers.get(name)));
      return;
    }
    for (const key of Object.keys(headers)) {
      for (let place = 0; place < names.length; place++) {
        const name = names[place];
        if (key.length !== name?.length || (key !== name && key.toLowerCase() !== name)) continue;
        const value = headers[key];
        if (typeof value === 'object') value.forEach((one) => this.#add(place, one));
        else this.#add(place, value);
      }
    }
  }

  #add(place: number, value: string | null | undefined): void {
    if (typeof value !== 'string') return;
    const bit = 1 << place;
    if (this.present & bit) {
      this.repeated |= bit;
    } else {
      this.present |= bit;
      this.#values[place] = value;
    }
  }

  /** The values of those that are there, in the order of the names, a line each. */
  text(): string {
    // Those that are not there are holes, which a filter passes over.
    return this.#values.length === 1 ? (this.#values[0] ?? '') : this.#values.filter(() => true).join('\n');
  }
}

/** Those of `fetch`, of whichever implementation. */
function isHeaders(headers: WebhookHeaders): headers is Headers {
  return typeof headers.get === 'function';
}
