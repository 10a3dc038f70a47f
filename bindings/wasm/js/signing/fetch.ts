import { RequestSigner, type RequestSignerOptions } from './signer.js';

/**
 * A `fetch` that signs what it sends. Bodies are read into memory first, since a digest of them goes ahead. A redirect is
 * given back as it is: the signature is not of the address that it leads to.
 *
 * ```ts
 * const call = signedFetch({ keyId: 'svk_…', secret: process.env.ACD_SERVICE_SECRET ?? '' });
 * const answer = await call('https://api.example.internal/v1/me');
 * ```
 *
 * @param signer A signer, or the settings of one.
 * @param send What sends the request. Default: the host's `fetch`.
 */
export function signedFetch(
  signer: RequestSigner | RequestSignerOptions,
  send: (request: Request) => Promise<Response> = (request) => fetch(request),
): (input: string | URL | Request, init?: RequestInit) => Promise<Response> {
  const by = signer instanceof RequestSigner ? signer : new RequestSigner(signer);
  return async (input, init) => {
    // It knows the address as it is sent, and the type that a body brings along.
    const request = new Request(input, init);
    const body = request.body === null ? null : new Uint8Array(await request.arrayBuffer());
    const headers = new Headers(request.headers);
    const url = new URL(request.url);
    url.hash = '';
    const added = await by.sign({ method: request.method, url, headers, body });
    for (const [name, value] of Object.entries(added)) headers.set(name, value);
    return send(new Request(request, { headers, body, redirect: 'manual' }));
  };
}
