import type { Host as ModuleHost } from './made/acd_wasm.js';
import type { Module } from './module/core.js';

/** The pipeline reads no more of an error. */
const ERROR_BODY = 64 * 1024;

/** The headers of a success that teach the pipeline its limits: with its text, the others stay here. */
const LIMITS = /ratelimit|retry-after/;

/** How the promise of a call is settled. */
interface Settle {
  readonly resolve: (text: string | undefined) => void;
  readonly reject: (error: string | undefined) => void;
}

/** What the clients of a module ask of JavaScript: to send requests, and to take what became of calls. */
export class Host implements ModuleHost {
  readonly #module: Module;
  readonly #calls = new Map<number, Settle>();
  readonly #requests = new Map<number, AbortController>();
  #tickets = 0;

  constructor(module: Module) {
    this.#module = module;
  }

  /** Begins a call with a ticket of its own. The result is the answer's text; a failure is what the module says of it. */
  begin(call: (ticket: number) => void): Promise<string | undefined> {
    this.#tickets = (this.#tickets % 0xffff_ffff) + 1;
    const ticket = this.#tickets;
    return new Promise((resolve, reject) => {
      this.#calls.set(ticket, { resolve, reject });
      call(ticket);
    });
  }

  resolve(ticket: number, text: string | undefined): void {
    this.#calls.get(ticket)?.resolve(text);
    this.#calls.delete(ticket);
  }

  reject(ticket: number, error: string | undefined): void {
    this.#calls.get(ticket)?.reject(error);
    this.#calls.delete(ticket);
  }

  send(number: number, head: string, body: Uint8Array, keep: boolean, largest: number): void {
    const controller = new AbortController();
    this.#requests.set(number, controller);
    void this.#exchange(number, prepare(head, body, controller.signal), keep, largest);
  }

  abandon(number: number): void {
    this.#requests.get(number)?.abort();
  }

  async #exchange(number: number, [url, init]: [string, RequestInit], keep: boolean, largest: number): Promise<void> {
    const module = this.#module;
    try {
      const answer = await fetch(url, init);
      const { status, ok } = answer;
      if (answer.type === 'opaqueredirect') return module.answered(number, 0, '', new Uint8Array());
      const { bytes, ending, thrown } = await read(answer.body, ok ? largest : ERROR_BODY);
      if (ending === 'too large') this.abandon(number);
      const success = ok && ending === 'whole';
      if (success && keep && bytes.length > 0) {
        return module.kept(number, status, lines(answer.headers, LIMITS), decode(bytes));
      }
      const headers = lines(answer.headers);
      if (ok && !success) return module.broke(number, status, headers, ending === 'too large', words(thrown));
      module.answered(number, status, headers, bytes);
    } catch (thrown) {
      module.failed(number, code(thrown), words(thrown));
    } finally {
      this.#requests.delete(number);
    }
  }
}

/** A request as `fetch` takes it, from the lines of its head. */
function prepare(head: string, body: Uint8Array, signal: AbortSignal): [string, RequestInit] {
  const [method = '', url = '', ...fields] = head.split('\n');
  const headers: [name: string, value: string][] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [name, value] = [fields[at] as string, fields[at + 1] as string];
    const before = headers.at(-1);
    // The values of a name follow one another.
    if (before?.[0] === name) before[1] += `, ${value}`;
    else headers.push([name, value]);
  }
  // As they are, pairs would cost fetch several times as much.
  const init: RequestInit = { method, headers: Object.fromEntries(headers), redirect: 'manual', signal };
  // The module's memory may move while the request is under way.
  if (body.length > 0) init.body = body.slice();
  return [url, init];
}

/** Every header that can be read, or those that are wanted. A browser shows those alone that the server allows it to. */
function lines(headers: Headers, wanted?: RegExp): string {
  let all = '';
  for (const [name, value] of headers) if (wanted === undefined || wanted.test(name)) all += `${name}:${value}\n`;
  return all;
}

interface Read {
  readonly bytes: Uint8Array;
  readonly ending: 'whole' | 'too large' | 'broken';
  readonly thrown?: unknown;
}

/** Reads a body: no piece more once there are more than `most` bytes, and as much as there is of one that breaks off. */
async function read(body: ReadableStream<Uint8Array> | null, most: number): Promise<Read> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    const reader = body?.getReader();
    while (reader !== undefined) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      size += value.length;
      if (size > most) return { bytes: join(pieces, size), ending: 'too large' };
    }
    return { bytes: join(pieces, size), ending: 'whole' };
  } catch (thrown) {
    return { bytes: join(pieces, size), ending: 'broken', thrown };
  }
}

function join(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const [first = new Uint8Array()] = pieces;
  if (pieces.length < 2) return first;
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

const strict = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true });

/** The text, or nothing for what is none. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The system's code: Node has it at the cause of what it throws. */
function code(thrown: unknown): string | undefined {
  return [member(thrown, 'cause'), thrown].map((error) => member(error, 'code')).find((found) => typeof found === 'string');
}

function words(thrown: unknown): string | undefined {
  const message = member(thrown, 'message');
  return typeof message === 'string' ? message : undefined;
}

function member(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}
