// Rust and Zod judge the same values alike, and lose nothing on the way. `acd-types samples` makes the values and says what Rust
// made of them; a validator of JSON Schema of its own is the third judge, since Rust leaves lengths and ranges to the server.
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import * as domains from '@acd/types';
import Ajv from 'ajv/dist/2020.js';
import * as z from 'zod';

/** What Rust refuses beyond the schemas, each with why they let it pass. */
const STRICTER_IN_RUST = [
  [/^value is not a legal timestamp/, 'seconds beyond the year 262,000'],
  [/^expected a time such as/, 'the 31st of a month with 30 days, or seconds beyond the year 262,000'],
];

/** Types that Rust passes on unparsed, so that fields it does not know survive there. */
const PASSED_ON = new Set(['analytics.Batch', 'meta.Entry', 'meta.MessagingEvent', 'meta.WebhookBody']);

const { values, done } = await read(process.env.ACD_SAMPLES);

test('every type of Rust has a schema, and samples that pass and that fail', () => {
  const missing = [...values.values()].filter((type) => type.zod === undefined);
  assert.deepEqual(missing.map((type) => type.name), []);
  const untested = [...values.values()].filter((type) => type.written < type.samples / 20);
  assert.deepEqual(untested.map((type) => `${type.name}: ${type.written} of ${type.samples}`), []);
  // Text of any kind is all that these are; everything else can be wrong.
  const unrefused = [...values.values()].filter((type) => type.refused === 0);
  assert.deepEqual(unrefused.map((type) => type.name), []);
  assert.ok(done > 0);
});

for (const rule of [
  'what Rust writes passes, and comes out as it was',
  'what is refused, Rust or its schema refuses too',
  'what the schema refuses is refused',
  'what Rust alone refuses is known',
]) {
  test(rule, () => {
    const found = [...values.values()].flatMap((type) => type.problems).filter((problem) => problem.rule === rule);
    const shown = found.slice(0, 3).map(({ rule, ...problem }) => JSON.stringify(problem).slice(0, 2000));
    assert.equal(found.length, 0, `${found.length} samples, for example\n${shown.join('\n')}`);
  });
}

/** Judges every sample of a file. */
async function read(file) {
  assert.ok(file, 'ACD_SAMPLES names the file that `acd-types samples` wrote');
  const values = new Map();
  let validator;
  let done = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const sample = JSON.parse(line);
    if (validator === undefined) {
      validator = schemas(sample);
      continue;
    }
    const name = `${sample.domain}.${sample.type}`;
    let type = values.get(name);
    if (type === undefined) {
      const allows = validator.getSchema(`all#/$defs/${sample.definition}`);
      type = { name, zod: schemaOf(sample), allows, samples: 0, written: 0, refused: 0, problems: [] };
      values.set(name, type);
    }
    judge(type, sample);
    done += 1;
  }
  return { values, done };
}

function judge(type, { value, written, refusal }) {
  const byRust = refusal === null;
  const bySchema = type.allows(value);
  // Rust drops what it does not know before the server looks at what is left.
  const left = byRust && type.allows(written);
  const parsed = type.zod?.safeParse(value) ?? { success: true };
  const problem = (rule, because) => type.problems.push({ rule, type: type.name, because, value, written, refusal });

  type.samples += 1;
  if (left) {
    type.written += 1;
    const again = type.zod?.safeParse(written) ?? { success: true, data: written };
    const same = again.success && isSame(JSON.parse(JSON.stringify(again.data)), written, PASSED_ON.has(type.name));
    if (!same && !isRounded(written)) problem('what Rust writes passes, and comes out as it was', again.error?.issues);
  }
  if (!parsed.success) {
    type.refused += 1;
    if (left && bySchema && !isRounded(value)) {
      problem('what is refused, Rust or its schema refuses too', parsed.error.issues);
    }
  } else if (!bySchema) {
    problem('what the schema refuses is refused', type.allows.errors);
  } else if (!byRust && !STRICTER_IN_RUST.some(([reason]) => reason.test(refusal))) {
    problem('what Rust alone refuses is known', refusal);
  }
}

/** The schema of a type; a generic one takes anything. */
function schemaOf({ domain, type }) {
  const schema = domains[domain]?.[`${type}Schema`];
  return typeof schema === 'function' ? schema(...Array.from({ length: schema.length }, () => z.json())) : schema;
}

/** Integers that JavaScript rounded when it read them: the schemas refuse them, since nobody knows what they were. */
function isRounded(value) {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(isRounded);
}

/** Whether two values are equal; when `some`, the second may have further fields. */
function isSame(one, other, some) {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  return (some || names.length === others.length) && names.every((name) => name in other && isSame(one[name], other[name], some));
}

/** A validator of all definitions. */
function schemas(definitions) {
  const formats = { date: isDate, 'date-time': isDateTime };
  const ajv = new Ajv({ strict: false, unicodeRegExp: true, logger: false, formats });
  return ajv.addSchema({ $id: 'all', ...definitions });
}

/** RFC 3339, read by its grammar and the calendar. */
function isDate(text) {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!parts) return false;
  const [year, month, day] = parts.slice(1).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function isDateTime(text) {
  const time = /^[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
  return isDate(text.slice(0, 10)) && time.test(text.slice(10));
}
