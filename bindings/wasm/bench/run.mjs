// Measures the built package beside what one would use in its place; both sides of a row in turns, medians of the rounds.
import { deepEqual } from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import business from 'facebook-nodejs-business-sdk';
import Stripe from 'stripe';

import { hashUserData } from '../dist/esm/meta.js';
import { PlatformClient } from '../dist/esm/platform.js';
import { WebhookVerifier } from '../dist/esm/webhooks.js';

const ROUNDS = 15;
const here = dirname(fileURLToPath(import.meta.url));
const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1];

/** Processor time of a call of each, in microseconds: on a busy machine the clock says more of the others. */
async function beside(label, wanted, calls, ours, theirs) {
  const measure = async (call) => {
    const start = process.cpuUsage();
    for (let at = 0; at < calls; at++) await call();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / calls;
  };
  // Until what is called often is compiled by the better compiler.
  for (let at = 0; at < 3; at++) for (const call of [ours, theirs]) await measure(call);
  const times = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    times[0].push(await measure(ours));
    times[1].push(await measure(theirs));
  }
  row(label, times, 'µs', wanted);
}

function row(label, times, unit, wanted) {
  const [ours, theirs] = times.map(median);
  console.log(`| ${label} | ${ours.toFixed(1)} ${unit} | ${theirs.toFixed(1)} ${unit} | ${(ours / theirs).toFixed(2)} | ${wanted} |`);
}

console.log(`Node ${process.version}, medians of ${ROUNDS} rounds\n\n| | ours | beside it | ratio | wanted |\n|---|---:|---:|---:|---:|`);

const times = [[], []];
for (let round = 0; round < ROUNDS; round++) {
  for (const [side, script] of [['load.mjs'], ['-e', '0']].entries()) {
    const start = performance.now();
    execFileSync(process.execPath, script.length === 1 ? [join(here, script[0])] : script, { stdio: 'inherit' });
    times[side].push(performance.now() - start);
  }
}
// What it adds to a bare start.
times[0] = times[0].map((time, at) => time - times[1][at]);
row('loading, module and first call, beside a bare `node -e 0`', times, 'ms', '≤ 1');

const server = fork(join(here, 'server.mjs'));
const [port] = await once(server, 'message');
const baseUrl = `http://127.0.0.1:${port}`;
const platform = new PlatformClient({ baseUrl, apiKey: 'acd_key' });
await beside(
  'a call, beside a bare `fetch` with a signal',
  '≤ 1.5',
  500,
  () => platform.users.me({ signal: new AbortController().signal }),
  async () => {
    const answer = await fetch(`${baseUrl}/v1/me`, {
      headers: { authorization: 'Bearer acd_key' },
      signal: new AbortController().signal,
    });
    return answer.json();
  },
);
server.kill();

const secret = 'whsec_hunter2';
const stripe = new Stripe('sk_test_1');
const verifier = new WebhookVerifier({ scheme: 'stripe', secret });
for (const size of [400, 3_000, 30_000]) {
  const body = Buffer.from(JSON.stringify({ id: 'evt_1', object: 'event', type: 'x', data: { text: 'x'.repeat(size) } }));
  const at = Math.floor(Date.now() / 1000);
  const mac = createHmac('sha256', secret).update(`${at}.`).update(body).digest('hex');
  const headers = { host: 'x.test', 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${mac}` };
  await beside(
    `a webhook of Stripe of ${body.length} bytes, beside stripe-node`,
    '< 1',
    2_000,
    () => verifier.verify(headers, body),
    () => stripe.webhooks.constructEvent(body, headers['stripe-signature'], secret),
  );
}

// Both sides have the same rules for these values.
const people = Array.from({ length: 500 }, (_, nth) => ({
  em: ` Mary.Smith+${nth}@Mail-${nth % 7}.Example.COM`,
  ph: `+1 (650) ${200 + (nth % 500)}-${1_000 + nth}`,
  fn: ['Mary', 'John', ' Valéry ', 'ANNA', 'Владимир'][nth % 5],
  ln: ['Smith', 'Müller', 'Garcia ', 'NGUYEN', 'Rossi'][(nth >> 2) % 5],
  ct: ['Menlo Park', 'New York', 'London', 'SAN JOSE', 'Berlin'][(nth >> 1) % 5],
  st: ['CA', 'NY', ' tx', 'WA', 'FL'][(nth >> 3) % 5],
  zp: `${10_000 + nth}-1234`,
  country: 'US',
}));
const official = ({ em, ph, fn, ln, ct, st, zp, country }) =>
  new business.UserData()
    .setEmails([em])
    .setPhones([ph])
    .setFirstNames([fn])
    .setLastNames([ln])
    .setCities([ct])
    .setStates([st])
    .setZips([zp])
    .setCountries([country])
    .normalize();
deepEqual((await hashUserData(people)).users, JSON.parse(JSON.stringify(people.map(official))));
await beside(
  '500 people of 8 fields normalised and hashed at once, beside facebook-nodejs-business-sdk',
  '< 1',
  20,
  () => hashUserData(people),
  () => people.map(official),
);
await beside(
  'one of them, beside the same',
  '< 1',
  2_000,
  () => hashUserData(people.slice(0, 1)),
  () => [official(people[0])],
);
