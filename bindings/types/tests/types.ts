// What the types promise, on examples; `exact.ts` compares all of them with their schemas.
import type * as z from 'zod';
import type { DateTime, JsonValue } from '@acd/types';
import type * as analytics from '@acd/types/analytics';
import type * as meta from '@acd/types/meta';
import * as platform from '@acd/types/platform';
import type { Expect, Same } from './same.js';

export type Promises = [
  // An answer has every field, of which some are null.
  Expect<Same<platform.Asset['owner_id'], platform.UserId | null>>,
  // Read, it may have been left out by a server that is older.
  Expect<Same<platform.AssetInput['owner_id'], platform.UserId | null | undefined>>,
  // A request may leave out what has a default; parsed, it is there.
  Expect<Same<platform.FailedJobInput['is_permanent'], boolean | undefined>>,
  Expect<Same<platform.FailedJob['is_permanent'], boolean>>,
  // Ids tell what they are of.
  Expect<Same<platform.UserId, `usr_${string}`>>,
  // The platform's enumerations are closed, as in Rust; Meta's and those of reasons are open.
  Expect<Same<platform.Plan, 'free' | 'starter' | 'pro' | 'enterprise'>>,
  Expect<Same<meta.BudgetValueType, 'ABSOLUTE' | 'MULTIPLIER' | (string & {})>>,
  Expect<Same<analytics.RejectionCode extends string ? true : false, true>>,
  // Numbers of 64 bits are numbers; money of Meta's is read as text too.
  Expect<Same<platform.Asset['size_bytes'], number>>,
  Expect<Same<meta.MinorUnits, number | string>>,
  // Times are texts, and what is free is JSON and nothing else.
  Expect<Same<platform.Job['run_at'], DateTime>>,
  Expect<Same<platform.Job['payload'], JsonValue>>,
  // Names of fields that are a list are those.
  Expect<Same<keyof platform.Consents['purposes'], 'advertising' | 'analytics' | 'functional' | 'marketing'>>,
  // Variants are told apart by a field.
  Expect<Same<Extract<platform.PathEntry, { kind: 'touch' }>['origin'], platform.Origin>>,
  // A list is of whatever its items are.
  Expect<Same<platform.Page<platform.User>['data'], platform.User[]>>,
  Expect<Same<z.output<ReturnType<typeof platform.PageSchema<typeof platform.UserSchema>>>, platform.Page<platform.User>>>,
];

export const user: platform.CreateUser = { email: 'ada@example.com', locale: null };

// @ts-expect-error one kind of id is not another
export const wrongId: platform.CreateUser = { email: 'ada@example.com', id: 'per_0192f0c123457abc8def0123456789ab' };

// @ts-expect-error a field that the server would refuse
export const wrongField: platform.CreateUser = { email: 'ada@example.com', mail: 'x' };

// @ts-expect-error the platform knows no such plan
export const wrongPlan: platform.Plan = 'gold';

// @ts-expect-error a required field is missing
export const missing: platform.CreateUser = {};

export const mine = platform.CreateUserSchema.pick({ email: true, name: true });
