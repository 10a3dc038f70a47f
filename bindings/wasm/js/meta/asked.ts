import type { AudienceSession } from '@acd/types/meta';

import type { Caller, CallOptions, Parameters } from '../client.js';
import { AcdError } from '../error.js';
import { List, type ListPage } from '../list.js';
import { ASK_FOR_LESS } from '../made/meta-codes.js';
import type { AudienceUsers, CreateContainer, Paging } from './types.js';

/** A page of a list as Meta writes it. */
interface Written<T> {
  data: T[];
  paging?: { cursors?: { after?: string }; next?: string };
}

/** A query with the names of the fields as Meta takes them, all that are declared unless some are named. */
export function asked<Q extends { fields?: readonly string[] | undefined }>(query: Q, all: string): Omit<Q, 'fields'> & { fields: string } {
  return { ...query, fields: query.fields?.join() ?? all };
}

/** A list of Meta's, whose pages are made smaller where Meta finds one too heavy. */
export function listed<T>(caller: Caller, operation: string, parameters: Parameters, options: CallOptions | undefined): List<T> {
  const query = parameters.query as Paging | undefined;
  let limit = query?.limit;
  return new List(query?.after ?? undefined, async (after) => {
    for (;;) {
      try {
        return page(await caller.read<Written<T>>(operation, { ...parameters, query: { ...query, limit, after } }, options));
      } catch (thrown) {
        if (!limit || limit < 2 || !(thrown instanceof AcdError && ASK_FOR_LESS.includes(thrown.code ?? ''))) throw thrown;
        limit = Math.floor(limit / 2);
      }
    }
  });
}

/** The items of the one page that is asked for. */
export async function items<T>(caller: Caller, operation: string, parameters: Parameters, options: CallOptions | undefined): Promise<T[]> {
  return (await caller.read<Written<T>>(operation, parameters, options)).data;
}

/**
 * Whether there is a next page is what `next` says, as the last page has a cursor too. The URL there is not followed, since it
 * holds the token.
 */
function page<T>({ data, paging }: Written<T>): ListPage<T> {
  const next = paging?.next;
  const cursor = next && (paging?.cursors?.after ?? new URLSearchParams(next.slice(next.indexOf('?'))).get('after'));
  return { data, next_cursor: cursor || null };
}

/** The one item of a list that has one. */
export function first<T>({ data: [item] }: { data: T[] }): T {
  if (item === undefined) throw new AcdError('decode', 'the list is empty', { mayHaveBeenSent: true });
  return item;
}

/** People as an audience takes them. */
export function people({ customer_consent, ...payload }: AudienceUsers, session: AudienceSession | undefined): object {
  return { customer_consent: customer_consent || undefined, session, payload: { ...payload, is_raw: true } };
}

/** Ad accounts by their bare numbers. */
export function numbers(accountIds: readonly string[]): string[] {
  return accountIds.map((id) => id.replace(/^act_/, ''));
}

/** A container as Instagram takes it: its lists are text with commas. */
export function contained({ children, collaborators, ...others }: CreateContainer): object {
  return { ...others, children: children?.join(), collaborators: collaborators?.join() };
}
