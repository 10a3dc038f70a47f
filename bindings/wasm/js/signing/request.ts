import { AcdError, type ErrorKind } from '../error.js';

/** A request as its signature sees it. */
export interface SignableRequest {
  /** Default `GET`. */
  method?: string | undefined;
  /**
   * The URL as it is sent. A server that knows the path alone gives `request.url`, and `Host` stands among the headers.
   */
  url: string | URL;
  /** Its headers as `fetch` takes them, or as Node has them in `request.headersDistinct`. */
  headers?: Headers | Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** The body, byte for byte as it is sent. */
  body?: Uint8Array | string | null | undefined;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** What the module takes: method, URL, headers a line each, and the body. */
export function taken({ method, url, headers = {}, body }: SignableRequest): [string, string, string, Uint8Array] {
  let lines = '';
  const add = (name: string, value: string) => {
    if (/[\r\n]/.test(name + value)) throw new AcdError('request', `the header \`${name}\` holds a line break`);
    lines += `${name}:${value}\n`;
  };
  if (isHeaders(headers)) {
    headers.forEach((value, name) => add(name, value));
  } else {
    for (const [name, value] of Object.entries(headers)) {
      if (typeof value === 'string') add(name, value);
      else value?.forEach((one) => add(name, one));
    }
  }
  const bytes = typeof body === 'string' ? encoder.encode(body) : (body ?? new Uint8Array());
  return [method ?? 'GET', String(url), lines, bytes];
}

function isHeaders(headers: NonNullable<SignableRequest['headers']>): headers is Headers {
  return typeof headers.get === 'function';
}

/** A failure as the module tells it: a line with its kind, and the message. */
export function told(thrown: unknown): unknown {
  if (typeof thrown !== 'string') return thrown;
  const [kind = '', ...message] = thrown.split('\n');
  return new AcdError(kind as ErrorKind, message.join('\n'));
}
