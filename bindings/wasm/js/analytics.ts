/**
 * What users do, told to the platform: batched, repeated, and kept until the server has it.
 *
 * @packageDocumentation
 */
import type { JsonValue } from '@acd/types';
import type { Rejection } from '@acd/types/analytics';

import { openStore } from '#store';

import { AcdError, reason, type ErrorKind } from './error.js';
import { EventServer } from './exchange.js';
import type { Analytics, Host, Kind } from './made/acd_wasm_analytics.js';
import { VERSION } from './made/version.js';
import { module } from './module/analytics.js';
import type { EventStore } from './store.js';

export { AcdError, type Attempt, type ErrorKind } from './error.js';
export type { EventStore } from './store.js';

/** Free-form facts: at most 32 levels deep. */
export type Facts = { readonly [name: string]: JsonValue | undefined };

/** Settings of an {@link AnalyticsClient}. */
export interface AnalyticsOptions {
  /** Where the server is, such as `https://api.example.com`. */
  baseUrl: string;
  /** The product's write key: an API key with the scope `events:write` alone, which may stand in a page. */
  writeKey: string;
  /**
   * Keeps events until the server has them, so that they outlive the page or process: in browsers the name of an IndexedDB
   * database, in Node, Bun and Deno a folder, which serves one client at a time, so that each replica needs its own; or a store
   * of your own. Left out, events are held in memory alone.
   */
  keepIn?: string | EventStore | undefined;
  /** Sent with every batch: `{ app: { name: 'shop', version: '1.2' } }`. Locale and time zone are filled in. */
  context?: Facts | undefined;
  /** Whether the user has agreed to be tracked. Default `true`: set it to `false` where they have yet to be asked. */
  consent?: boolean | undefined;
  /** What becomes of held events when consent is withdrawn. Default `forget`. */
  onWithdrawal?: 'forget' | 'keep' | undefined;
  /** How many events wait in memory. Default 20,000. */
  queueEvents?: number | undefined;
  /** How many bytes of events wait in memory. Default 16 MiB, at least 32 KiB. */
  queueBytes?: number | undefined;
  /** How many bytes of events are kept. Default 8 MiB, at least 512 KiB. */
  keepBytes?: number | undefined;
  /** What gives way when there is no more room. Default `oldest`; with `newest` the call throws. */
  dropWhenFull?: 'oldest' | 'newest' | undefined;
  /** How many events make a batch full. Default 100, at most 2,500. */
  batchEvents?: number | undefined;
  /** How long an event waits for a batch to fill, in milliseconds. Default 1,000. */
  intervalMs?: number | undefined;
  /** For how long {@link AnalyticsClient.shutdown} sends what is queued, in milliseconds. Default 10,000. */
  shutdownTimeoutMs?: number | undefined;
  /** For how long the same events are tried again, in milliseconds. Default 12 hours, and for ever with `keepIn`. */
  giveUpAfterMs?: number | undefined;
  /** Called with events that failed for good. What it throws, or its promise rejects with, is dropped. */
  onFailure?: ((failed: FailedEvents) => void | Promise<void>) | undefined;
}

/** Whose event it is: a known user, a visitor by a random id, or both. */
export type Who =
  | { userId: string; anonymousId?: string | undefined }
  | { anonymousId: string; userId?: string | undefined };

/** What every event may have. */
export interface EventOptions {
  /** When it happened. Default: now. */
  timestamp?: Date | string | undefined;
  /**
   * The id by which the server recognises a repeat, at most 100 bytes. Default: a new UUID. Derive it from what happened
   * (`order-1042-completed`) where the same fact may be told twice.
   */
  messageId?: string | undefined;
  /** What differs for this event from the context of the batch. */
  context?: Facts | undefined;
  /** Which destinations may have it, for example `{ All: true }`. */
  integrations?: Facts | undefined;
}

/** Something a user did. */
export type TrackEvent = Who & EventOptions & {
  /** What, as "object action" by convention: `Order Completed`. */
  event: string;
  properties?: Facts | undefined;
};

/** Who a user is. With both ids it joins what the visitor did before with the user. */
export type IdentifyEvent = Who & EventOptions & { traits?: Facts | undefined };

/** A page or screen that was viewed. */
export type PageEvent = Who & EventOptions & {
  name?: string | undefined;
  category?: string | undefined;
  properties?: Facts | undefined;
};

/** The group that a user belongs to. */
export type GroupEvent = Who & EventOptions & { groupId: string; traits?: Facts | undefined };

/** A second id of a user. */
export type AliasEvent = EventOptions & { previousId: string; userId: string };

/** Events that will not be sent again. */
export interface FailedEvents {
  /** Why. */
  readonly reason: 'rejected' | 'refused' | 'too_large' | 'gave_up' | 'overflow' | 'shutdown';
  /** How many. */
  readonly count: number;
  /** What the last attempt ended with, where one was made. */
  readonly error: AcdError | undefined;
  /** The events, oldest first; none for `overflow`. */
  readonly events: readonly { readonly event: unknown; readonly rejection: Rejection | null }[];
}

/** What the client did since it was opened. Events, unless it says otherwise. */
export interface AnalyticsStats {
  /** Taken. */
  readonly tracked: number;
  /** Not taken, since consent was withheld. */
  readonly withoutConsent: number;
  /** Stored by the server, now or before. */
  readonly delivered: number;
  /** Of the delivered, those that the server had already. */
  readonly duplicates: number;
  /** Refused by the server one by one. */
  readonly rejected: number;
  /** Failed otherwise. */
  readonly failed: number;
  /** Dropped or refused for want of room. */
  readonly overflowed: number;
  /** Forgotten because consent was withdrawn. */
  readonly forgotten: number;
  /** Attempts to send, in requests. */
  readonly requests: number;
  /** Attempts that failed and were to be repeated, in requests. */
  readonly retries: number;
  /** Held at present. */
  readonly held: number;
  /** Bytes kept at present. */
  readonly storedBytes: number;
  /** Bytes that were kept and could not be read. */
  readonly damagedBytes: number;
  /** How often the store refused something. In a folder, each record that cannot be read counts, and stays there. */
  readonly storeFailures: number;
}

/** What a shutdown left undone. */
export interface ShutdownReport {
  /** Events that the server does not have. */
  readonly left: number;
  /** Of these, those that are kept for the next client. */
  readonly stored: number;
}

/** Tells the platform what users do. */
export class AnalyticsClient {
  readonly #inner: Analytics;
  readonly #store: EventStore | undefined;
  #closed: Promise<void> | undefined;

  private constructor(inner: Analytics, store: EventStore | undefined) {
    this.#inner = inner;
    this.#store = store;
  }

  /**
   * Opens a client: loads the module, and what earlier runs left. Rejects with an {@link AcdError} of the kind
   * `configuration` for settings that cannot work, and of `environment` where what `keepIn` names cannot be opened. What an opened
   * store refuses later costs nothing but the keeping: {@link stored} rejects, and the events are sent from memory.
   */
  static async open(options: AnalyticsOptions): Promise<AnalyticsClient> {
    const { baseUrl, writeKey, keepIn } = options;
    const server = new EventServer(baseUrl, writeKey);
    const [context, numbers] = [surroundings(options.context), settings(options)];
    const loaded = await module();
    const store = typeof keepIn === 'string' ? await openStore(keepIn) : keepIn;
    try {
      const inner = new loaded.Analytics(host(server, options.onFailure), context, numbers, store);
      return new AnalyticsClient(inner, store);
    } catch (thrown) {
      await store?.close?.();
      throw thrown;
    }
  }

  /**
   * Queues something a user did and gives the event's id; `undefined` while consent is withheld. Returns at once. Throws an
   * {@link AcdError} for an event that cannot be stored as it is, with its `code`, and after {@link shutdown}.
   */
  track(event: TrackEvent): string | undefined {
    return this.#enqueue(0, event, event.event, event.properties);
  }

  /** Queues who a user is, as {@link track} does. */
  identify(event: IdentifyEvent): string | undefined {
    return this.#enqueue(1, event, undefined, event.traits);
  }

  /** Queues a web page viewed, as {@link track} does. */
  page(event: PageEvent): string | undefined {
    return this.#enqueue(2, event, event.name, event.properties, event.category);
  }

  /** Queues a mobile screen viewed, as {@link track} does. */
  screen(event: PageEvent): string | undefined {
    return this.#enqueue(3, event, event.name, event.properties, event.category);
  }

  /** Queues the group a user belongs to, as {@link track} does. */
  group(event: GroupEvent): string | undefined {
    return this.#enqueue(4, event, event.groupId, event.traits);
  }

  /** Queues a second id of a user, as {@link track} does. */
  alias(event: AliasEvent): string | undefined {
    return this.#enqueue(5, event, event.previousId);
  }

  /**
   * Sends everything tracked until now without waiting for a batch to fill, and resolves once each event is stored or has
   * failed for good. Rejects as soon as an attempt fails for a reason that may pass: the events stay queued.
   */
  flush(): Promise<void> {
    return this.#inner.flush();
  }

  /**
   * Resolves once everything tracked until now is sent or would outlive the page or process; at once without `keepIn`. Rejects with
   * an {@link AcdError} of the kind `environment` while some of it is held in memory alone, because the store refused it or is full.
   */
  stored(): Promise<void> {
    return this.#inner.stored();
  }

  /** Takes no more events, sends what is queued, lets go of `keepIn`, and says what is left. Another call changes nothing. */
  async shutdown(): Promise<ShutdownReport> {
    const [left = 0, stored = 0] = await this.#inner.shutdown();
    await (this.#closed ??= this.#store?.close?.());
    return { left, stored };
  }

  /** Says whether the user agrees to be tracked. While not, nothing is taken and nothing is sent. */
  setConsent(granted: boolean): void {
    this.#inner.setConsent(granted);
  }

  /** What the client did so far. */
  stats(): AnalyticsStats {
    const numbers = this.#inner.stats();
    const stats = Object.fromEntries(STATS.map((name, place) => [name, numbers[place] ?? 0])) as Record<keyof AnalyticsStats, number>;
    stats.storeFailures += this.#store?.failures?.() ?? 0;
    return stats;
  }

  /** `name` is the one text that the kind, a number of the module's own list, needs or has. */
  #enqueue(kind: Kind, event: Fields, name?: string, facts?: Facts, category?: string): string | undefined {
    return this.#inner.enqueue(
      kind,
      event.timestamp === undefined ? undefined : milliseconds(event.timestamp),
      text('messageId', event.messageId),
      text('userId', event.userId),
      text('anonymousId', event.anonymousId),
      text('name', name),
      text('category', category),
      json('properties or traits', facts),
      json('context', event.context),
      json('integrations', event.integrations),
    );
  }
}

/** What events of every kind have. */
type Fields = EventOptions & { userId?: string | undefined; anonymousId?: string | undefined };

/** In the order in which the module gives them. */
const STATS: readonly (keyof AnalyticsStats)[] = [
  'tracked',
  'withoutConsent',
  'delivered',
  'duplicates',
  'rejected',
  'failed',
  'overflowed',
  'forgotten',
  'requests',
  'retries',
  'held',
  'storedBytes',
  'damagedBytes',
  'storeFailures',
];

/** A text that is no time becomes one that is refused. */
function milliseconds(time: Date | string): number {
  const at = new Date(time).getTime();
  return Number.isNaN(at) ? Number.MAX_SAFE_INTEGER : at;
}

/** A text as the module takes it, which would silently replace half a surrogate pair. */
function text(field: string, value: string | null | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && !/\p{Surrogate}/u.test(value)) return value;
  throw new AcdError('request', `${field} is no text`, { code: 'unreadable' });
}

/** Free-form facts as the module takes them. */
function json(field: string, value: Facts | null | undefined): string | undefined {
  try {
    return value === null ? undefined : JSON.stringify(value);
  } catch (cause) {
    // A circle, a BigInt, or what a method `toJSON` throws.
    throw new AcdError('request', `${field} cannot be written as JSON: ${reason(cause)}`, { code: 'unreadable', cause });
  }
}

/** What the module needs. */
function host(server: EventServer, onFailure: AnalyticsOptions['onFailure']): Host {
  return {
    send: (operation, path, body) => server.send(operation, path, body),
    error: (kind, message, code) => new AcdError(kind as ErrorKind, message, { code }),
    failed(reason, count, error) {
      const events: { event: unknown; rejection: Rejection | null }[] = [];
      return {
        add(event, isRejected, index, messageId, code, detail) {
          if (onFailure === undefined) return;
          const id = messageId === undefined ? {} : { message_id: messageId };
          const rejection = isRejected ? { index, ...id, code, detail } : null;
          events.push({ event: JSON.parse(event) as unknown, rejection });
        },
        end() {
          const told = { reason: reason as FailedEvents['reason'], count, error: error as AcdError | undefined, events };
          // What the application throws, at once or in a promise, is the application's: it must not end the sending.
          void (async () => onFailure?.(told))().catch(() => undefined);
        },
      };
    },
  };
}

/** The context of every batch, with what the host says of itself. */
function surroundings(given: Facts = {}): string {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw unusable('context', 'no object');
  const { locale, timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const or = (value: unknown, captured: string) => (typeof value === 'string' ? value : captured);
  const library = { name: '@acd/sdk', version: VERSION };
  try {
    return JSON.stringify({ ...given, library, locale: or(given['locale'], locale), timezone: or(given['timezone'], timeZone) });
  } catch (cause) {
    throw unusable('context', `not to be written as JSON: ${reason(cause)}`, cause);
  }
}

/** Settings in the order in which the module takes them. */
function settings(options: AnalyticsOptions): Float64Array {
  const number = (name: keyof AnalyticsOptions) => {
    const value = options[name] ?? undefined;
    if (value === undefined) return NaN;
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    throw unusable(name, 'no whole number from 0 on');
  };
  const { consent = true, dropWhenFull, onWithdrawal } = options;
  if (typeof consent !== 'boolean') throw unusable('consent', 'neither true nor false');
  const flags = [consent, dropWhenFull === 'newest', onWithdrawal === 'keep'];
  return Float64Array.of(
    number('queueEvents'),
    number('queueBytes'),
    number('keepBytes'),
    number('batchEvents'),
    number('intervalMs'),
    number('shutdownTimeoutMs'),
    number('giveUpAfterMs'),
    ...flags.map(Number),
  );
}

function unusable(option: string, problem: string, cause?: unknown): AcdError {
  return new AcdError('configuration', `an option cannot be used: ${option} is ${problem}`, { cause });
}
