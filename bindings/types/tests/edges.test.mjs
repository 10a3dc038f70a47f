// Edges on which JavaScript and JSON differ from Rust.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MessageSchema, RejectionCodeSchema } from '@acd/types/analytics';
import { CampaignSchema, ObjectiveSchema } from '@acd/types/meta';
import { AssetSchema, CreateUserSchema, JobStateSchema, ListAssetsSchema, PutConsentsSchema } from '@acd/types/platform';

const asset = {
  id: 'ast_01934f1e6a3a7c008000000000000001',
  product: 'pct',
  type: 'image',
  source: 'upload',
  content_hash: 'ab'.repeat(32),
  size_bytes: 17,
  url: 'https://x.test/a.png',
  metadata: {},
  created_at: '2026-01-05T10:00:00Z',
  updated_at: '2026-01-05T10:00:00.123456Z',
};

test('integers of 64 bits pass as long as JavaScript holds them, and are refused instead of rounded', () => {
  const of = (text) => AssetSchema.safeParse(JSON.parse(JSON.stringify(asset).replace('17', text)));
  assert.equal(of('9007199254740991').data.size_bytes, Number.MAX_SAFE_INTEGER);
  for (const text of ['9007199254740993', '18446744073709551615', '-1', '1.5']) assert.equal(of(text).success, false, text);
});

test('what an older server leaves out is null, and what a newer one adds is dropped', () => {
  const read = AssetSchema.parse({ ...asset, a_field_of_tomorrow: 1 });
  assert.deepEqual(read, { ...asset, owner_id: null, thumbnail_url: null });
});

test('a request with an unknown field is refused, as the server refuses it', () => {
  assert.equal(ListAssetsSchema.safeParse({ limt: 1 }).error.issues[0].code, 'unrecognized_keys');
});

test('fields of Meta that are not declared are kept', () => {
  const campaign = { id: '120330000000000000', a_field_of_tomorrow: { x: [1] } };
  assert.deepEqual(CampaignSchema.parse(campaign), campaign);
});

test('open enumerations keep values of tomorrow and closed ones refuse them', () => {
  assert.equal(ObjectiveSchema.parse('OUTCOME_TOMORROW'), 'OUTCOME_TOMORROW');
  assert.equal(RejectionCodeSchema.parse('too_late'), 'too_late');
  assert.equal(ObjectiveSchema.safeParse(1).success, false);
  assert.equal(JobStateSchema.safeParse('paused').success, false);
});

test('lengths count characters, as Rust does, and not UTF-16 units', () => {
  const of = (name) => CreateUserSchema.safeParse({ email: 'ada@example.com', name });
  assert.ok(of('😀'.repeat(200)).success);
  assert.match(of('😀'.repeat(201)).error.issues[0].message, /^Expected 1 to 200 characters/);
  assert.equal(of('').success, false);
  assert.equal(of('a\0').success, false);
});

test('times are those of RFC 3339 and of the calendar', () => {
  const of = (timestamp) => MessageSchema.safeParse({ timestamp }).success;
  for (const good of ['2024-02-29T00:00:00Z', '2026-01-05t10:00:00.123456789+05:30', '2016-12-31T23:59:60Z']) {
    assert.ok(of(good), good);
  }
  for (const bad of ['2026-02-29T00:00:00Z', '2026-01-05 10:00:00Z', '2026-01-05T10:00Z', '2026-01-05T10:00:00', 'now', '']) {
    assert.equal(of(bad), false, bad);
  }
});

test('an object that has to hold something holds something', () => {
  const consents = (purposes) => PutConsentsSchema.safeParse({ user_id: 'u', source: 'api', purposes });
  assert.ok(consents({ analytics: true }).success);
  assert.equal(consents({}).error.issues[0].message, 'Expected at least 1 field');
  assert.equal(consents({ everything: true }).success, false);
});
