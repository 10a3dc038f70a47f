/** What a visitor decided, for each purpose. */
export interface Choice {
  /** Events may go to your server, under a random id that the browser keeps. */
  analytics: boolean
  /** Meta's pixel and its cookies may be used, and events may go on to Meta. */
  advertising: boolean
}

/** A choice on record. */
export interface Decision extends Choice {
  /** Of the question that was asked. */
  version: string
  /** When, RFC 3339. */
  at: string
}

/** Passed to `ask`. */
export interface Question {
  /** The browser says no to advertising (Global Privacy Control), whatever is decided. */
  globalPrivacyControl: boolean
}

/** A value that JSON can hold. Others are left out. */
export type Properties = Record<string, unknown>

export interface PixelOptions {
  /** Where `acd serve` answers, such as `https://events.example.com`. */
  endpoint: string
  /** A key with the scope `events:write` alone: everybody can read it in the page. */
  writeKey: string
  /** Meta's pixel; without one Meta's script is never loaded. */
  pixelId?: string
  /** Off until this is true or `enable` is called. */
  enabled?: boolean
  /** Of the question that is asked of visitors; a new one asks all of them again. `1` when left out. */
  version?: string
  /** Asks the visitor, when there is no decision. Call `decide` with the answer, once or whenever it changes. */
  ask?: (decide: (choice: Choice) => void, question: Question) => void
  /** Hears of each decision that is made in this page, to show it, or to keep it on record at your server. */
  onConsent?: (decision: Decision) => void
  /** Hears of what could not be done. Nothing is ever thrown. */
  onError?: (problem: { message: string; cause?: unknown }) => void
  /** Meta's names of your events, before the built-in ones; null keeps an event from Meta's pixel. */
  events?: Record<string, string | null>
  /** Of events that have a value and name no currency; ISO 4217. */
  currency?: string
  /** Whether page views are told of by themselves, also when a script changes the address. True when left out. */
  pages?: boolean
  /** Meta's Limited Data Use: true for wherever the visitor is, or its numbers for a country and a state. */
  limitedDataUse?: boolean | [country: number, state: number]
  /** For the script that is loaded from Meta, under a Content Security Policy. */
  nonce?: string
  /** Instead of Meta's `fbevents.js`, such as a simulator's. */
  metaScript?: string
}

export interface Pixel {
  /** A page view. Gives the event's id. Called by itself unless `pages` is false. */
  page(name?: string, properties?: Properties): string | undefined
  /**
   * Something a visitor did, by Segment's names where it has one. Gives the event's id, which the copies in the browser and at the
   * server share; `properties.event_id` sets it (1 to 100 bytes), such as an order's number on a page that is loaded again.
   */
  track(event: string, properties?: Properties): string | undefined
  /** Who the visitor is: your own id, 1 to 512 bytes, or null to add traits alone. */
  identify(userId: string | number | null, traits?: Properties): void
  /** Forgets who the visitor is, as at sign-out. */
  reset(): void
  /** Records a decision, and does what follows: a no deletes what was stored. */
  consent(choice: Choice): void
  /** What holds now; null when nothing was decided. */
  decision(): Decision | null
  /** Switches it on. */
  enable(): void
}

/** Makes a pixel: off until enabled, silent until the visitor decided. */
export function createPixel(options: PixelOptions): Pixel

/** The version of this package. */
export const VERSION: string
