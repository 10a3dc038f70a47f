// The folder of a client in Node: whose it is, and what becomes of it when that goes wrong. Nothing is ever sent.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { AcdError, AnalyticsClient } from '../dist/esm/analytics.js';

const { AnalyticsClient: CommonClient } = createRequire(import.meta.url)('../dist/cjs/analytics.js');
/** Port 9 is one at which nobody listens. */
const SETTINGS = { baseUrl: 'http://127.0.0.1:9', writeKey: 'acd_hunter2', intervalMs: 3_600_000, shutdownTimeoutMs: 0 };
const IN_USE = { name: 'AcdError', kind: 'environment', message: /is in use by another analytics client.*process \d+.*remove the file lock/ };

let folder;
let keepIn;
let folders = 0;
let mocks;

before(async () => (folder = await fs.mkdtemp(join(tmpdir(), 'acd-folder-'))));
after(() => fs.rm(folder, { recursive: true }));
afterEach(() => {
  mocks?.restoreAll();
  syncBuiltinESMExports();
});

const open = (client = AnalyticsClient) => client.open({ ...SETTINGS, keepIn });

/** A folder of the test's own, with files in it. */
async function fresh(files = {}) {
  keepIn = join(folder, String(folders++));
  await fs.mkdir(keepIn);
  for (const [name, text] of Object.entries(files)) await fs.writeFile(join(keepIn, name), text);
}

/** Has a function of the file system fail. */
function fail(context, name, code, when = () => true) {
  mocks = context.mock;
  const real = fs[name];
  mocks.method(fs, name, async (...args) => {
    if (!when(...args)) return real(...args);
    throw Object.assign(new Error(`${code}: the test wants it so`), { code });
  });
  syncBuiltinESMExports();
}

/** Keeps one event in the folder and ends. */
async function keep(event) {
  const analytics = await open();
  analytics.track({ userId: 'u', event });
  await analytics.stored();
  await analytics.shutdown();
}

/** How many events the next client finds. */
async function found() {
  const analytics = await open();
  await analytics.stored();
  const { held } = analytics.stats();
  await analytics.shutdown();
  return held;
}

test('of many who start at once on the folder of one that is gone, one gets it', async () => {
  for (let round = 0; round < 20; round++) {
    await fresh({ lock: '99999999' });
    const opened = await Promise.allSettled(Array.from({ length: 8 }, () => open()));
    const clients = opened.flatMap(({ value }) => value ?? []);
    assert.equal(clients.length, 1);
    for (const { reason } of opened) if (reason !== undefined) assert.match(reason.message, IN_USE.message);
    await clients[0].shutdown();
    assert.deepEqual(await fs.readdir(keepIn), []);
  }
});

test('the other build, another thread and another name of the folder find it in use', async () => {
  await fresh();
  const analytics = await open();
  await assert.rejects(open(CommonClient), IN_USE);
  const link = `${keepIn}-link`;
  await fs.symlink(keepIn, link);
  await assert.rejects(AnalyticsClient.open({ ...SETTINGS, keepIn: link }), IN_USE);
  const beside = () => new Worker(new URL('folder-worker.mjs', import.meta.url), { workerData: { ...SETTINGS, keepIn } });
  const [refused] = await once(beside(), 'message');
  assert.match(refused, IN_USE.message);
  await analytics.shutdown();

  const worker = beside();
  assert.deepEqual(await once(worker, 'message'), ['opened']);
  await assert.rejects(open(), IN_USE);
  const { thread } = JSON.parse(await fs.readFile(join(keepIn, 'lock'), 'utf8'));
  await worker.terminate();
  if (process.platform !== 'linux') return;
  // The system has it a moment longer than Node.
  while (existsSync(`/proc/self/task/${thread}`)) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await found(), 1, 'a thread that is gone holds nothing');
});

test('a number of a process that was given anew holds nothing', { skip: process.platform !== 'linux' }, async () => {
  await fresh();
  const analytics = await open();
  const lock = JSON.parse(await fs.readFile(join(keepIn, 'lock'), 'utf8'));
  await analytics.shutdown();
  const gone = [
    { ...lock, started: '1' },
    // This one runs, and is another.
    { ...lock, pid: process.ppid, thread: String(process.ppid) },
    { ...lock, system: `${lock.system} before` },
  ];
  for (const owner of gone) {
    await fresh({ lock: JSON.stringify(owner) });
    assert.equal(await found(), 0);
  }
  await fresh({ lock: JSON.stringify(lock) });
  await assert.rejects(open(), IN_USE);
});

test('two clients that no lock kept apart lose nothing of each other', async () => {
  await fresh();
  const first = await open();
  // As when a container takes over from one that still runs.
  await fs.rm(join(keepIn, 'lock'));
  const second = await open();
  for (const analytics of [first, second, first, second]) {
    analytics.track({ userId: 'u', event: 'E' });
    await analytics.stored();
  }
  // It removes what it put.
  second.setConsent(false);
  await second.shutdown();
  await first.shutdown();
  assert.equal(await found(), 2);
});

test('what is not its own, a client that ends leaves locked', async () => {
  await fresh();
  const first = await open();
  await fs.rm(join(keepIn, 'lock'));
  const second = await open();
  await first.shutdown();
  await assert.rejects(open(), IN_USE);
  await second.shutdown();
  assert.deepEqual(await fs.readdir(keepIn), []);
});

test('a record that cannot be read is counted and left, and the others are sent', async () => {
  await fresh();
  for (let at = 0; at < 40; at++) await keep(`E${at}`);
  const unreadable = '0000000000000000.events';
  await fs.mkdir(join(keepIn, unreadable));
  const analytics = await open();
  await analytics.stored();
  const { held, storeFailures, damagedBytes } = analytics.stats();
  assert.deepEqual({ held, storeFailures, damagedBytes }, { held: 40, storeFailures: 1, damagedBytes: 0 });
  analytics.setConsent(false);
  await analytics.shutdown();
  assert.deepEqual(await fs.readdir(keepIn), [unreadable]);
});

test('what a process that ended amid a write left is removed', async () => {
  await fresh();
  await keep('A');
  const [name] = await fs.readdir(keepIn);
  await fs.writeFile(join(keepIn, `${name}.new`), 'half');
  assert.equal(await found(), 1);
  assert.deepEqual(await fs.readdir(keepIn), [name]);
});

test('a folder that cannot be opened is said, with what the system says', async (context) => {
  const refused = (code) => (error) => {
    assert.ok(error instanceof AcdError);
    assert.equal(error.kind, 'environment');
    assert.equal(error.cause.code, code);
    assert.ok(error.message.includes(keepIn) && error.message.includes(code), error.message);
    return true;
  };
  await fresh({ file: '' });
  const outside = keepIn;
  keepIn = join(outside, 'file');
  await assert.rejects(open(), refused('EEXIST'));
  keepIn = join(outside, 'file', 'below');
  await assert.rejects(open(), refused('ENOTDIR'));
  await fresh();
  fail(context, 'readdir', 'EACCES', (path) => path === keepIn);
  await assert.rejects(open(), refused('EACCES'));
  mocks.restoreAll();
  syncBuiltinESMExports();
  assert.equal(await found(), 0, 'nothing is left locked');
  fail(context, 'writeFile', 'EROFS');
  await assert.rejects(open(), refused('EROFS'));
});

test('a file system without links has locks too', async (context) => {
  await fresh();
  fail(context, 'link', 'EPERM');
  const analytics = await open();
  await assert.rejects(open(), IN_USE);
  await analytics.shutdown();
  assert.deepEqual(await fs.readdir(keepIn), []);
});
