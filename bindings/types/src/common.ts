/**
 * What the modules of all domains have in common.
 *
 * @packageDocumentation
 */
import * as z from 'zod';

/** Any JSON. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

/**
 * A point in time as RFC 3339 writes it: `2026-01-05T10:00:00Z`. A text, since a `Date` holds milliseconds and the
 * platform microseconds.
 */
export type DateTime = string;

/** A day as RFC 3339 writes it: `2026-01-05`. */
export type CalendarDate = string;

const DATE =
  '(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))' +
  '|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)';
// The clocks of UTC show 60 at the end of some minutes.
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?';
const OFFSET = '(?:[Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)';

/** Any JSON, checked to its leaves. */
export const json: z.ZodType<JsonValue, JsonValue> = /* @__PURE__ */ z.json();

/** A {@link DateTime}. */
export const dateTime = () =>
  z.string().regex(new RegExp(`^${DATE}[Tt]${TIME}${OFFSET}$`), 'Expected a date and time of RFC 3339, as 2026-01-05T10:00:00Z');

/** A {@link CalendarDate}. */
export const calendarDate = () => z.string().regex(new RegExp(`^${DATE}$`), 'Expected a date, as 2026-01-05');

/**
 * A text of so many characters. JSON Schema and Rust count characters, JavaScript's `length` UTF-16 units, of which an emoji
 * has two or more.
 */
export const text = (least: number, most = Infinity) =>
  z.string().refine((value) => {
    // Counting is needed only where the units do not decide.
    const count = value.length <= most && value.length >= 2 * least ? value.length : [...value].length;
    return count >= least && count <= most;
  }, `Expected ${most === Infinity ? `at least ${least}` : `${least} to ${most}`} characters`);

/** A text whose values are known today to be these; any other passes, since tomorrow's must break nothing. */
export const open = <Known extends string>() => z.string() as unknown as z.ZodType<Known | (string & {}), Known | (string & {})>;

/** Whether an object has at least so many fields. */
export const fields = (least: number) => (value: object) => Object.keys(value).length >= least;

/** What is said when it has not. */
export const tooFew = (least: number) => `Expected at least ${least} field${least === 1 ? '' : 's'}`;
