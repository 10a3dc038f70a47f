import { type CallOptions, type Parameters, parsed } from '../client.js';
import { AcdError, fromView, type View } from '../error.js';
import { Root } from '../made/meta.js';
import { MetaCaller, unlessNull } from './caller.js';

/** Where a call stands among others: the name that it has, or that of the call that it waits for. */
interface Place {
  readonly name?: string;
  readonly after?: string;
}

/** Calls that were made and not yet sent. */
class Kept {
  readonly calls: object[] = [];
  /** For each call, what is done with its answer, or with why it failed. */
  readonly settle: ((outcome: string | View) => void)[] = [];
  isSent = false;
  problem: AcdError | undefined;
}

class KeepingCaller extends MetaCaller {
  readonly #kept: Kept;
  readonly #place: Place;

  constructor(caller: MetaCaller, kept: Kept, place: Place) {
    super((module, host) => caller.open(module, host));
    this.#kept = kept;
    this.#place = place;
  }

  override read<T>(operation: string, { body, ...parameters }: Parameters, options?: CallOptions): Promise<T> {
    const kept = this.#kept;
    // Such as the same page of a list with fewer items, where that which was asked for is too heavy.
    if (kept.isSent) return super.read(operation, { body, ...parameters }, options);
    if (options !== undefined || parameters.hide !== undefined) {
      const why = options === undefined ? 'it holds a secret: make it alone' : 'a batch has its options as a whole';
      kept.problem ??= new AcdError('request', `${operation}: a batch cannot have the call as it is, since ${why}`, { operation });
    }
    return new Promise((resolve, reject) => {
      kept.calls.push({ operation, ...this.#place, parameters, body });
      kept.settle.push((outcome) => {
        if (typeof outcome === 'string') resolve(new Promise((read) => read(parsed(operation, outcome))));
        else reject(fromView(outcome));
      });
    });
  }
}

/** The methods of a client, for calls that are sent together. */
export class BatchCalls extends Root {
  readonly #at: (place: Place) => Root;

  constructor(caller: MetaCaller, kept: Kept) {
    const at = (place: Place) => new KeepingCaller(caller, kept, place);
    super(at({}));
    this.#at = (place) => new Root(at(place));
  }

  /**
   * The methods for a call under a name, which is made before those that wait for it. What it answers can be put into their
   * parameters, as `{result=name:$.id}`.
   */
  named(name: string): Root {
    return this.#at({ name });
  }

  /** The methods for a call that waits for the one of this name, which stands before it, and fails when that one fails. */
  after(name: string): Root {
    return this.#at({ after: name });
  }
}

/** What became of each call of a batch, in its place. */
export type BatchResults<T extends readonly unknown[]> = { -readonly [K in keyof T]: PromiseSettledResult<Awaited<T[K]>> };

/** Sends the calls that `make` makes together. */
export async function sendBatch<T extends readonly unknown[]>(
  caller: MetaCaller,
  accountId: string,
  make: (calls: BatchCalls) => T,
  options: CallOptions,
): Promise<BatchResults<T>> {
  const kept = new Kept();
  const { calls, settle } = kept;
  const made = make(new BatchCalls(caller, kept));
  if (kept.problem !== undefined) throw kept.problem;
  if (made.length !== calls.length) {
    const remedy = 'return what each call gives, and of a list what its `page()` gives';
    throw new AcdError('request', `the batch has ${calls.length} calls, and ${made.length} were returned: ${remedy}`);
  }
  const said = JSON.stringify(calls, unlessNull);
  const outcomes = await caller.run({}, options, (client, ticket, given, mayBeGivenUp) =>
    client.sendBatch(ticket, accountId, said, given, mayBeGivenUp),
  );
  kept.isSent = true;
  for (const [place, outcome] of parsed<(string | View)[]>('meta.batch.send', outcomes).entries()) settle[place]?.(outcome);
  return (await Promise.allSettled(made)) as BatchResults<T>;
}
