import type { UserData } from '@acd/types/meta';

import { AcdError, toError } from '../error.js';
import { module } from '../module/core.js';
import { Packing } from './packing.js';

/** The names under which Meta takes hashes. */
export type UserKey =
  | 'em'
  | 'ph'
  | 'ge'
  | 'db'
  | 'ln'
  | 'fn'
  | 'ct'
  | 'st'
  | 'zp'
  | 'country'
  | 'external_id'
  | 'f5first'
  | 'f5last'
  | 'fi'
  | 'dobd'
  | 'dobm'
  | 'doby'
  | 'app_user_id';

/** A value that was left out, since it could match nobody. The value itself is not kept. */
export interface DroppedValue {
  /** The place of whom it belongs to among those given, from 0. */
  readonly index: number;
  /** The key on the wire, such as `em`. */
  readonly key: string;
  /** What the value lacks, as the end of a sentence that begins with "the value". */
  readonly reason: string;
}

/** People as they may leave this process. */
export interface HashedUsers {
  /** One for each that was given, in their order. */
  readonly users: UserData[];
  /** The values that were left out. */
  readonly dropped: DroppedValue[];
}

/** One for all calls. */
let packing: Packing | undefined;

/**
 * Normalises and hashes what is known of people, as the Conversions API takes it: e-mail addresses, phone numbers, names and
 * whatever else {@link UserKey} names. What is a hash already stays as it is, and so does what Meta takes in the clear.
 * {@link Conversions.send} does this by itself. Many at once cost less than one by one. Rejects with an `AcdError` of the kind
 * `request` for what is neither text nor a whole number, nor a list of them.
 */
export async function hashUserData(users: readonly UserData[]): Promise<HashedUsers> {
  const loading = module();
  // What is there already need not be waited for.
  const loaded = loading instanceof Promise ? await loading : loading;
  packing ??= new Packing(loaded.userKeys());
  return packing.open(loaded.hashUsers(packing.close(users)));
}

/**
 * The one spelling of a value, as it is hashed; a hash comes back as it is, in lower case. Rejects with an `AcdError` of the
 * kind `request` for a value that could match nobody, such as a phone number without digits.
 */
export async function normalizeUserValue(key: UserKey, value: string): Promise<string> {
  const loaded = await module();
  return attempt(() => loaded.normalizeUserValue(key, value));
}

/** A currency in the three capital letters of ISO 4217: ` usd ` gives `USD`. */
export async function normalizeCurrency(value: string): Promise<string> {
  const loaded = await module();
  const currency = loaded.normalizeCurrency(value);
  if (currency === undefined) throw new AcdError('request', 'a currency has three letters');
  return currency;
}

function attempt<T>(act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    throw toError(thrown);
  }
}
