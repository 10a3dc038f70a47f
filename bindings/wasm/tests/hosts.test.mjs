// The packed package in Bun, in Deno and in a worker of Cloudflare's, against a server here. ACD_PROJECT is a project in which the
// package is installed as a stranger does, ACD_HOSTS one with what hosts/package.json names.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const project = process.env.ACD_PROJECT ?? assert.fail('ACD_PROJECT names a project with the package');
const hosts = process.env.ACD_HOSTS ?? assert.fail('ACD_HOSTS names a project with Bun, Deno and workerd');
const scripts = join(project, 'hosts');

/** npm's package for this platform has the program itself; for other platforms there may be none. */
function program(scope, path) {
  const folder = join(hosts, 'node_modules', scope);
  const found = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, path)) : [];
  const here = found.find((file) => existsSync(file));
  return here === undefined ? { skip: `npm has no ${path} for ${process.platform}-${process.arch}` } : { file: here };
}

const bun = program('@oven', 'bin/bun');
const deno = program('@deno', 'deno');
const workerd = program('@cloudflare', 'bin/workerd');

let server;
let address;
let folder;
/** Events by their ids, as often as they were stored. */
let stored;
/** Requests that hang. */
let hanging;
/** A request that is not answered, and one that is answered once the other is there. */
let waiting;
/** Requests for the product `again`, of which the first one fails. */
let failed;

before(async () => {
  rmSync(scripts, { recursive: true, force: true });
  cpSync(join(dirname(fileURLToPath(import.meta.url)), 'hosts'), scripts, { recursive: true });
  server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `127.0.0.1:${server.address().port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  stored = [];
  failed = 0;
  waiting = { silent: deferred(), brief: deferred() };
  hanging = { arrived: deferred(), gone: deferred() };
  folder = mkdtempSync(join(tmpdir(), 'acd-hosts-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function deferred() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}

async function answer(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { pathname, searchParams: query } = new URL(request.url, `http://${address}`);
  const say = (status, json, headers) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(json === undefined ? '' : JSON.stringify(json));
  };
  if (pathname.startsWith('/told/')) {
    await hanging[pathname.slice('/told/'.length)].promise;
    return say(204);
  }
  if (pathname === '/v1/batch') {
    const { batch } = JSON.parse(Buffer.concat(chunks).toString());
    const rejected = batch.flatMap(({ event, messageId }, index) =>
      event === 'Bad' ? [{ index, message_id: messageId, code: 'invalid_event', detail: 'the test wants it so' }] : [],
    );
    stored.push(...batch.filter(({ event }) => event !== 'Bad').map(({ messageId }) => messageId));
    server.emit('stored');
    return say(200, { success: true, accepted: batch.length - rejected.length, duplicates: 0, rejected });
  }
  if (request.headers.authorization !== 'Bearer acd_hunter2' || pathname.startsWith('/down/')) return say(503);
  if (pathname === '/v1/me') return say(200, { kind: 'admin', scopes: ['admin'] });
  if (pathname === '/v1/events') {
    const page = (ids, next_cursor) => ({ data: ids.map((message_id) => ({ message_id })), next_cursor });
    return say(200, query.get('cursor') === 'next' ? page(['c'], null) : page(['a', 'b'], 'next'));
  }
  if (query.get('product') === 'down') return say(503);
  if (query.get('product') === 'again') return failed++ === 0 ? say(503) : say(200, { data: [], next_cursor: null });
  if (query.get('product') === 'silent') return waiting.silent.resolve();
  if (query.get('product') === 'brief') {
    waiting.brief.resolve();
    await waiting.silent.promise;
    return say(200, { data: [], next_cursor: null });
  }
  if (query.get('product') === 'hang') {
    response.on('close', () => hanging.gone.resolve());
    return hanging.arrived.resolve();
  }
  return say(404, { code: 'not_found', detail: 'there is none', title: 'Not Found', status: 404 }, { 'x-request-id': 'req_7' });
}

/** Starts a program, with nothing of this one's environment but what it is given. */
function start(file, args) {
  const env = { HOME: folder, DENO_DIR: join(folder, 'deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' };
  const child = spawn(file, args, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const program = { child, said: '', ended: once(child, 'close') };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      program.said += text;
      child.emit('said');
    });
  }
  return program;
}

/** Runs a program to its end, and gives what it said. */
async function run(file, args) {
  const program = start(file, args);
  const [code] = await program.ended;
  assert.equal(code, 0, program.said);
  return program.said;
}

/** How a script of `hosts` is run by a host, with the least that Deno has to allow. */
const COMMANDS = {
  Bun: { ...bun, command: (script, events) => [bun.file, join(scripts, script), `http://${address}`, events] },
  Deno: {
    ...deno,
    command(script, events) {
      const allowed = [`--allow-net=${address}`, `--allow-read=${project},${events}`, `--allow-write=${events}`];
      const options = ['run', '--no-prompt', '--cached-only', ...allowed];
      return [deno.file, ...options, join(scripts, script), `http://${address}`, events];
    },
  },
};

for (const [host, { skip, command }] of Object.entries(COMMANDS)) {
  for (const script of ['module.mjs', 'common.cjs']) {
    test(`${host} runs ${script}`, { skip }, async () => {
      const [file, ...args] = command(script, join(folder, 'events'));
      const said = await run(file, args);
      assert.match(said, /^done$/m);
      assert.doesNotMatch(said, /hunter2/);
      assert.equal(stored.filter((id) => id === 'kept-1').length, 1);
    });
  }

  test(`${host}: a folder is taken over from a process that is gone, and from no other`, { skip }, async (context) => {
    const events = join(folder, 'events');
    const [file, ...args] = command('folder.mjs', events);
    const holder = start(file, [...args, 'hold']);
    context.after(() => holder.child.kill('SIGKILL'));
    const ended = holder.ended.then(() => assert.fail(holder.said));
    while (!holder.said.includes('held\n')) await Promise.race([once(holder.child, 'said'), ended]);
    for (const [other, ...rest] of [[file, ...args], [process.execPath, ...args.slice(args.indexOf(join(scripts, 'folder.mjs')))]]) {
      assert.match(await run(other, rest), /^environment .* is in use by another analytics client/);
    }
    holder.child.kill('SIGKILL');
    await Promise.allSettled([ended]);
    assert.equal(await run(file, args), 'delivered 1\n');
    assert.deepEqual(stored, ['held-1']);
  });
}

test('a worker of Cloudflare, whose requests share clients', { skip: workerd.skip }, async (context) => {
  const built = join(scripts, 'built');
  // As wrangler bundles: modules of WebAssembly stay files, which the host compiles.
  await build({
    entryPoints: { worker: join(scripts, 'worker.mjs') },
    outdir: built,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
    logLevel: 'error',
  });
  const modules = readdirSync(built).filter((name) => name.endsWith('.wasm'));
  assert.ok(modules.length > 0);
  const config = join(scripts, 'worker.capnp');
  const listed = modules.map((name) => `(name = "${name}", wasm = embed "built/${name}"),`).join('\n    ');
  writeFileSync(config, readFileSync(config, 'utf8').replace('MODULES', listed));

  const worker = spawn(workerd.file, ['serve', config, '--control-fd=3'], {
    env: { SERVER: `http://${address}` },
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  context.after(() => worker.kill());
  const [line] = await once(worker.stdio[3].setEncoding('utf8'), 'data');
  const { port } = JSON.parse(line.split('\n')[0]);
  const ask = async (scenario) => {
    const answer = await fetch(`http://127.0.0.1:${port}${scenario}`);
    return `${answer.status} ${await answer.text()}`;
  };
  for (const scenario of ['/calls', '/events', '/calls', '/events', '/shared', '/shared']) {
    assert.equal(await ask(scenario), '200 done', scenario);
  }
  assert.deepEqual(await Promise.all(Array.from({ length: 20 }, () => ask('/shared'))), Array(20).fill('200 done'));
  // Of a request whose sender is gone, the host goes on with nothing.
  const controller = new AbortController();
  const abandoned = fetch(`http://127.0.0.1:${port}/hang`, { signal: controller.signal });
  await hanging.arrived.promise;
  controller.abort();
  await assert.rejects(abandoned, { name: 'AbortError' });
  await hanging.gone.promise;
  assert.equal(await ask('/shared'), '200 done');
  assert.equal(await ask('/again'), '200 done');
  // A timer goes with the request that set it: others wait to the end of their own.
  const brief = ask('/brief');
  await waiting.brief.promise;
  const silent = ask('/silent');
  assert.equal(await brief, '200 done');
  assert.match(await silent, /^500 timeout: /);
  assert.equal(await ask('/background'), '200 done');
  assert.match(await ask('/folder'), /^500 environment: .*no IndexedDB/);
  while (!stored.includes('background-1')) await once(server, 'stored');
});
