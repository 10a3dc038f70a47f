import type { Event } from '@acd/types/meta';

import type { Caller, CallOptions } from '../client.js';
import { AcdError, fromView, type View } from '../error.js';
import type { MetaClient } from '../made/acd_wasm.js';
import type { DroppedValue } from './users.js';

/**
 * Something that a person did, as Meta counts it. Give every event an `event_id`: only then is a sending repeated whose
 * answer was lost, as Meta knows a repetition by it for 48 hours. What `user_data` holds in the clear is hashed before it
 * leaves.
 */
export type ConversionEvent = Event;

/** How events are sent. */
export interface SendEventsOptions extends CallOptions {
  /**
   * Shows the events under "Test events" of the Events Manager, with the code that stands there. They count all the same:
   * not for production.
   */
  testEventCode?: string | undefined;
  /** Names the software that sends on an advertiser's behalf, such as `acme-1.0`. */
  partnerAgent?: string | undefined;
  /** How many events a request holds at most, 1 to 1000, which is the default. */
  mostEvents?: number | undefined;
  /** How many bytes a request holds at most. Default 4 MiB. An event that alone is larger is left out. */
  mostBytes?: number | undefined;
  /** Sends nothing when any event would be refused. Default: the others are sent. */
  allOrNothing?: boolean | undefined;
  /**
   * Sends e-mail addresses that stand in URLs and custom data. By default events with such are left out, as Meta's terms
   * forbid to send personal data in the clear.
   */
  allowClearPersonalData?: boolean | undefined;
}

/** What became of one request. One with neither `received` nor `error` was not tried, since it would have failed likewise. */
export interface SentBatch {
  /** Places of its events among those given, from 0. */
  readonly events: readonly number[];
  /** How many events Meta took. */
  readonly received: number | undefined;
  /** What Meta has to say about them, such as on fields that it ignored. */
  readonly messages: readonly string[];
  /** The id of the exchange, for Meta's support. */
  readonly fbtraceId: string | undefined;
  /** Why it failed. */
  readonly error: AcdError | undefined;
}

/** Why an event would be refused. */
export interface EventProblem {
  /** The field on the wire, such as `custom_data.value`. */
  readonly field: string;
  /** The cause and the remedy. The value is not repeated. */
  readonly reason: string;
}

/** An event that was not sent because Meta would refuse it. */
export interface InvalidEvent {
  /** Its place among the events given, from 0. */
  readonly index: number;
  /** Its id, if it has one. */
  readonly eventId: string | undefined;
  /** What is wrong with it. */
  readonly problems: readonly EventProblem[];
}

/** What became of all events. Look at `isComplete`, or use {@link orThrow}: a failed request rejects nothing. */
export class SendReport {
  /** The requests. */
  readonly batches: readonly SentBatch[];
  /** The events that were left out because Meta would refuse them. */
  readonly invalid: readonly InvalidEvent[];
  /** What was left out of `user_data` because it could match nobody. The events went without. */
  readonly dropped: readonly DroppedValue[];

  constructor(batches: readonly SentBatch[], invalid: readonly InvalidEvent[], dropped: readonly DroppedValue[]) {
    this.batches = batches;
    this.invalid = invalid;
    this.dropped = dropped;
  }

  /** How many events Meta took. */
  get received(): number {
    return this.batches.reduce((sum, { received }) => sum + (received ?? 0), 0);
  }

  /** Places of the valid events that Meta did not take, or did not say that it took: those to send again later. */
  get unconfirmed(): number[] {
    return this.batches.flatMap(({ events, received }) => (received === undefined ? events : []));
  }

  /** Whether Meta took every event. */
  get isComplete(): boolean {
    return this.invalid.length === 0 && this.unconfirmed.length === 0;
  }

  /** This report, if Meta took every event; else throws why the first request failed or the first event was left out. */
  orThrow(): this {
    const failed = this.batches.find(({ error }) => error !== undefined)?.error;
    if (failed !== undefined) throw failed;
    const [invalid] = this.invalid;
    if (invalid === undefined) return this;
    const problems = invalid.problems.map(({ field, reason }) => `\`${field}\` ${reason}`).join('; ');
    throw new AcdError('request', `event ${invalid.index} would be refused: ${problems}`);
  }
}

/** A report as the module writes it. */
interface Written {
  batches: { events: number[]; received: number | null; messages: string[]; fbtrace_id: string | null; error: View | null }[];
  invalid: { index: number; event_id: string | null; problems: EventProblem[] }[];
  dropped: DroppedValue[];
}

/** Events of websites, apps and shops: the Conversions API. */
export class Conversions {
  readonly #caller: Caller<MetaClient>;

  constructor(caller: Caller<MetaClient>) {
    this.#caller = caller;
  }

  /**
   * Sends events to a pixel or dataset, in as many requests as it takes. `user_data` is normalised and hashed on the way. An
   * event that Meta would refuse is left out and reported with its place; the others go. Requests whose events all have an
   * `event_id` are repeated when their answer is lost; events without an id travel in requests of their own, which are not.
   */
  async send(datasetId: string, events: readonly ConversionEvent[], options: SendEventsOptions = {}): Promise<SendReport> {
    return this.#send(datasetId, events, options, false);
  }

  /** The events that Meta would refuse now, without sending any. */
  async check(events: readonly ConversionEvent[], options: SendEventsOptions = {}): Promise<readonly InvalidEvent[]> {
    return (await this.#send('', events, options, true)).invalid;
  }

  async #send(
    datasetId: string,
    events: readonly ConversionEvent[],
    options: SendEventsOptions,
    checkOnly: boolean,
  ): Promise<SendReport> {
    const { testEventCode, partnerAgent, mostEvents, mostBytes, allOrNothing, allowClearPersonalData, ...call } = options;
    const how = JSON.stringify({ testEventCode, partnerAgent, mostEvents, mostBytes, allOrNothing, allowClearPersonalData, checkOnly });
    const text = JSON.stringify(events);
    const report = await this.#caller.run({}, call, (client, ticket, given, mayBeGivenUp) =>
      client.sendEvents(ticket, datasetId, text, how, given, mayBeGivenUp),
    );
    const { batches, invalid, dropped } = JSON.parse(report ?? '') as Written;
    return new SendReport(
      batches.map(({ events, received, messages, fbtrace_id, error }) => ({
        events,
        received: received ?? undefined,
        messages,
        fbtraceId: fbtrace_id ?? undefined,
        error: error === null ? undefined : fromView(error),
      })),
      invalid.map(({ index, event_id, problems }) => ({ index, eventId: event_id ?? undefined, problems })),
      dropped,
    );
  }
}
