// The package in Chromium, whose file is CHROMIUM: built by Vite, as a plain script, and in a Web Worker.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';
import { build } from 'vite';

/** Ends what would never end; a busy machine takes ten times as long as an idle one. */
const DEADLINE_MS = 120_000;
const here = dirname(fileURLToPath(import.meta.url));
const TYPES = { '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
/** A name that is not this machine's, so that what came from it by plain HTTP is no secure context. */
const INSECURE = 'shop.test';
const FLAGS = [`--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`, '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

let folder;
let server;
let origin;
let browser;
/** Status that batches are answered with. */
let status;
let batches;
/** What else was asked for. */
let asked;

/** Where the files of an address are. */
const files = (path) => {
  if (/^\/(built|example)\//.test(path)) return join(folder, path);
  if (path.startsWith('/sdk/')) return join(here, '../dist', path.slice(5));
  return join(here, 'browser', path);
};

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://x');
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const json = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (pathname === '/v1/batch') {
    const { batch } = JSON.parse(Buffer.concat(chunks).toString());
    batches.push({ status, batch });
    return json(status, { success: true, accepted: batch.length, duplicates: 0, rejected: [] });
  }
  asked.push(pathname);
  if (pathname === '/v1/me') return json(200, { kind: 'admin', scopes: ['admin'] });
  if (pathname === '/moved/v1/me') return response.writeHead(307, { location: '/v1/me' }).end();
  if (pathname === '/silent/v1/me') return;
  const path = files(normalize(pathname));
  try {
    const content = await readFile(path);
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(content);
  } catch {
    response.writeHead(404).end();
  }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acd-sdk-browser-'));
  // Whoever went away in the middle of a request needs no answer.
  server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${server.address().port}`;
  const bundle = (root, name, define = {}) =>
    build({
      root,
      base: `/${name}/`,
      logLevel: 'error',
      configFile: false,
      define,
      resolve: { alias: [{ find: /^@acd\/sdk\/(.+)$/, replacement: join(here, '../dist/esm/$1.js') }] },
      build: { outDir: join(folder, name), emptyOutDir: true, assetsInlineLimit: 0, target: 'es2022' },
    });
  await bundle(join(here, 'browser/app'), 'built');
  await bundle(join(here, '../../../examples/browser'), 'example', {
    'import.meta.env.VITE_ACD_URL': JSON.stringify(origin),
    'import.meta.env.VITE_ACD_WRITE_KEY': '"acd_write"',
  });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS, timeout: DEADLINE_MS });
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

beforeEach(() => {
  status = 200;
  batches = [];
  asked = [];
});

async function newContext(options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(DEADLINE_MS);
  return context;
}

/** Waits until nobody holds a lock: a page is gone before its process is. */
const unlocked = (page) => page.waitForFunction(async () => (await navigator.locks.query()).held.length === 0);

const stored = () => batches.filter(({ status }) => status === 200).flatMap(({ batch }) => batch);

/** In a page: whether a database holds that many records, each in a transaction that is complete. */
async function kept({ name, records }) {
  const result = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const database = await result(indexedDB.open(name));
  const found = await result(database.transaction('records').objectStore('records').count());
  database.close();
  return found === records;
}

const PAGES = { 'built by Vite': '/built/index.html', 'as a plain script': '/plain.html' };

for (const [how, path] of Object.entries(PAGES)) {
  async function open(context) {
    const page = await context.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(error));
    await page.goto(origin + path);
    await page.waitForFunction(() => globalThis.sdk);
    return { page, errors };
  }

  test(`${how}: calls, errors and signals`, async () => {
    const context = await newContext();
    const { page, errors } = await open(context);
    const found = await page.evaluate(async (origin) => {
      const { AcdError, PlatformClient } = globalThis.sdk;
      const call = (prefix, options) => new PlatformClient({ baseUrl: origin + prefix, apiKey: 'acd_key' }).users.me(options);
      const kind = (call) => call.then(() => 'none', (error) => (error instanceof AcdError ? error.kind : error.message));
      const controller = new AbortController();
      const silent = kind(call('/silent', { signal: controller.signal }));
      setTimeout(() => controller.abort(new Error('enough')), 20);
      return {
        me: (await call('')).kind,
        moved: await kind(call('/moved', { maxAttempts: 1 })),
        silent: await silent,
        late: await kind(call('/silent', { timeoutMs: 30 })),
        missing: await kind(call('/nowhere')),
        // Port 9 is one that no browser connects to.
        closed: await kind(new PlatformClient({ baseUrl: 'http://127.0.0.1:9', apiKey: 'k', maxAttempts: 1 }).users.me()),
      };
    }, origin);
    assert.deepEqual(found, { me: 'admin', moved: 'redirect', silent: 'enough', late: 'timeout', missing: 'not_found', closed: 'interrupted' });
    assert.equal(asked.filter((path) => path === '/v1/me').length, 1, 'the redirect is not followed');
    assert.deepEqual(errors, []);
    await context.close();
  });

  test(`${how}: webhooks`, async () => {
    const context = await newContext();
    const { page } = await open(context);
    const at = Math.floor(Date.now() / 1000);
    const mac = (text) => createHmac('sha256', 'hunter2').update(text).digest('hex');
    const verify = (scheme, name, signature, body) =>
      page.evaluate(
        async ([scheme, name, signature, body]) => {
          const verifier = new globalThis.sdk.WebhookVerifier({ scheme, secret: 'hunter2' });
          const outcome = verifier.verify(new Headers({ [name]: signature }), new TextEncoder().encode(body));
          return outcome.then(({ replayKey }) => replayKey, ({ code }) => code);
        },
        [scheme, name, signature, body],
      );
    // What fits beside the headers where the module takes them, and what does not.
    for (const size of [1, 2_000, 100_000]) {
      const body = JSON.stringify({ id: 'evt_1', text: 'é'.repeat(size) });
      const stripe = ['stripe', 'stripe-signature', `t=${at},v1=${mac(`${at}.${body}`)}`];
      assert.equal(await verify(...stripe, body), 'stripe:evt_1');
      assert.equal(await verify(...stripe, `${body} `), 'no_match');
      const hash = createHash('sha256').update(body).digest('hex');
      assert.equal(await verify('meta', 'x-hub-signature-256', `sha256=${mac(body)}`, body), `meta:sha256:${hash}`);
    }
    await context.close();
  });

  test(`${how}: what a page could not send, the next one sends under the same ids`, async () => {
    const context = await newContext();
    const { page } = await open(context);
    status = 503;
    const ids = await page.evaluate(async (baseUrl) => {
      const analytics = await globalThis.sdk.AnalyticsClient.open({ baseUrl, writeKey: 'acd_write', keepIn: 'events' });
      const ids = ['A', 'B'].map((event) => analytics.track({ anonymousId: 'a', event, properties: { n: 1 } }));
      await analytics.stored();
      await analytics.flush().catch(() => undefined);
      return ids;
    }, origin);
    assert.ok(batches.length > 0 && stored().length === 0);

    // A page beside it leaves alone what the first has yet to send.
    const beside = await open(context);
    const held = () => beside.page.evaluate(async (baseUrl) => {
      const analytics = await globalThis.sdk.AnalyticsClient.open({ baseUrl, writeKey: 'acd_write', keepIn: 'events', intervalMs: 3_600_000 });
      await analytics.stored();
      const { held } = analytics.stats();
      await analytics.shutdown();
      return held;
    }, origin);
    assert.equal(await held(), 0);
    await beside.page.close();

    await page.close();
    status = 200;
    const next = await open(context);
    await unlocked(next.page);
    await next.page.evaluate(async (baseUrl) => {
      const analytics = await globalThis.sdk.AnalyticsClient.open({ baseUrl, writeKey: 'acd_write', keepIn: 'events' });
      await analytics.flush();
      await analytics.shutdown();
    }, origin);
    assert.deepEqual(stored().map(({ messageId }) => messageId), ids);
    assert.deepEqual(stored().map(({ event }) => event), ['A', 'B']);
    assert.ok(await next.page.evaluate(kept, { name: 'events', records: 0 }));
    await context.close();
  });
}

test('a page that came by plain HTTP keeps events too', async () => {
  const context = await newContext();
  const insecure = origin.replace('127.0.0.1', INSECURE);
  const load = async () => {
    const page = await context.newPage();
    await page.goto(insecure + PAGES['as a plain script']);
    await page.waitForFunction(() => globalThis.sdk);
    return page;
  };
  status = 503;
  const page = await load();
  assert.equal(await page.evaluate(() => isSecureContext), false);
  const id = await page.evaluate(async (baseUrl) => {
    const analytics = await globalThis.sdk.AnalyticsClient.open({ baseUrl, writeKey: 'acd_write', keepIn: 'events' });
    const id = analytics.track({ anonymousId: 'a', event: 'A' });
    await analytics.stored();
    return id;
  }, insecure);
  await page.close();
  status = 200;
  await (await load()).evaluate(async (baseUrl) => {
    const analytics = await globalThis.sdk.AnalyticsClient.open({ baseUrl, writeKey: 'acd_write', keepIn: 'events' });
    await analytics.flush();
    await analytics.shutdown();
  }, insecure);
  assert.deepEqual(stored().map(({ messageId }) => messageId), [id]);
  await context.close();
});

test('a database that cannot be opened is said and let go of, and one that is deleted is given up', async () => {
  const context = await newContext();
  const page = await context.newPage();
  await page.goto(origin + PAGES['as a plain script']);
  await page.waitForFunction(() => globalThis.sdk);
  const found = await page.evaluate(async (baseUrl) => {
    const { AcdError, AnalyticsClient } = globalThis.sdk;
    const open = () => AnalyticsClient.open({ baseUrl, writeKey: 'acd_write', keepIn: 'events', intervalMs: 3_600_000 });
    const failure = async (call) => {
      const error = await call().then(() => undefined, (error) => error);
      return [error instanceof AcdError, error?.kind, error?.cause?.name, error?.message];
    };
    const deny = async (prototype, name, refuse) => {
      const real = prototype[name];
      prototype[name] = refuse;
      const found = await failure(open);
      prototype[name] = real;
      return found;
    };
    const erase = () =>
      new Promise((resolve) => {
        const deletion = indexedDB.deleteDatabase('events');
        deletion.onsuccess = () => resolve('deleted');
        deletion.onblocked = () => resolve('blocked');
      });
    const denied = () => new DOMException('denied', 'SecurityError');
    const database = await deny(IDBFactory.prototype, 'open', () => {
      throw denied();
    });
    const lock = await deny(LockManager.prototype, 'request', () => Promise.reject(denied()));
    const afterwards = await erase();
    const analytics = await open();
    await analytics.stored();
    const meanwhile = await erase();
    analytics.track({ anonymousId: 'a', event: 'A' });
    const unkept = await failure(() => analytics.stored());
    await analytics.flush();
    await analytics.shutdown();
    return { database, lock, afterwards, meanwhile, unkept: unkept.slice(0, 2) };
  }, origin);
  const said = [true, 'environment', 'SecurityError', 'events cannot be kept in IndexedDB: denied'];
  assert.deepEqual(found, { database: said, lock: said, afterwards: 'deleted', meanwhile: 'deleted', unkept: [true, 'environment'] });
  assert.deepEqual(stored().map(({ event }) => event), ['A']);
  await context.close();
});

test('in a Web Worker: calls and events', async () => {
  const context = await newContext();
  const page = await context.newPage();
  await page.goto(origin + PAGES['built by Vite']);
  await page.waitForFunction(() => globalThis.sdk);
  const { id, kind } = await page.evaluate((baseUrl) => globalThis.sdk.inWorker({ baseUrl, event: 'From a worker' }), origin);
  assert.equal(kind, 'admin');
  assert.deepEqual(stored().map(({ messageId, event }) => [messageId, event]), [[id, 'From a worker']]);
  await context.close();
});

test('the example tells what visitors do, once they agreed, and loses nothing without a network', async () => {
  const context = await newContext({ viewport: { width: 640, height: 620 } });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error));
  const shown = (id, text) => page.waitForFunction(([id, text]) => document.getElementById(id).textContent === text, [id, text]);
  const started = () => page.waitForFunction(() => document.getElementById('add').onclick !== null);
  await page.goto(`${origin}/example/index.html`);
  await page.locator('#agree').waitFor();
  await started();
  await page.click('#add');
  await page.click('#agree');
  await shown('delivered', '1');
  assert.deepEqual(stored().map(({ type, event, name }) => event ?? `${type} ${name}`), ['page One product']);

  await page.click('#add');
  await shown('delivered', '2');
  status = 503;
  await page.click('#buy');
  await shown('held', '1');
  await page.waitForFunction(kept, { name: 'shop-events', records: 1 });
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  await page.reload();
  await started();
  status = 200;
  await shown('delivered', '1');
  assert.deepEqual(stored().map(({ event }) => event), [undefined, 'Product Added', 'Order Completed']);
  assert.equal(new Set(stored().map(({ anonymousId }) => anonymousId)).size, 1);

  status = 503;
  await page.click('#add');
  await shown('held', '1');
  await page.click('#withdraw');
  await shown('forgotten', '1');
  // What left before the withdrawal is there before what is asked for after it.
  await page.evaluate(() => fetch('/fence'));
  const before = batches.length;
  status = 200;
  await page.click('#add');
  await page.reload();
  await started();
  assert.equal(await page.evaluate(() => localStorage.getItem('visitor')), null);
  assert.equal(batches.length, before);
  assert.deepEqual(errors, []);
  await context.close();
});
