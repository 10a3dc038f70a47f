// Uploads of @acd/sdk/meta over real HTTP, to a server here that takes videos as Meta does, and fails as it is told.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, openAsBlob, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, mock, test } from 'node:test';

import { MetaClient } from '../dist/esm/meta.js';

/** How much the server takes at a time. */
const WINDOW = 1_000;
let server;
let video;
let faults;
let asked;
let forms;

before(async () => {
  // Waits after failures are a random part of a second or more.
  mock.method(Math, 'random', () => 0);
  server = createServer(async (request, response) => {
    const { headers, url, method } = request;
    const body = await new Response(ReadableStream.from(request)).arrayBuffer().catch(() => undefined);
    // Given up in the middle of it.
    if (body === undefined) return;
    const [, path, query] = /^\/v26\.0(\/[^?]*)(.*)$/.exec(url);
    const form = headers['content-type']?.startsWith('multipart/') && (await new Response(body, { headers }).formData());
    const said = form ? Object.fromEntries(form) : JSON.parse(Buffer.from(body).toString() || 'null');
    if (form) forms.push(said);
    asked.push(`${method} ${path}${query} ${said?.upload_phase ?? ''}`.trim());
    answer(response, path, said);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(() => {
  mock.restoreAll();
  server.closeAllConnections();
  server.close();
});

const offsets = () => ({ start_offset: String(video.stored.length), end_offset: String(Math.min(video.stored.length + WINDOW, video.size)) });

async function answer(response, path, said) {
  const give = (json, status = 200) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  if (path.endsWith('/adimages')) return give({ images: { bytes: { hash: 'abc', width: 2 } } });
  if (path.endsWith('/thumbnails')) return give({ success: true });
  if (path === '/88') {
    const status = { uploading_phase: { bytes_transferred: video.stored.length }, processing_phase: { status: video.ended ? 'in_progress' : 'not_started' } };
    return give({ id: '88', status });
  }
  const fault = said.upload_phase === 'start' ? undefined : faults.shift();
  if (fault === 'cut') return response.socket.destroy();
  if (fault === 'hang') return;
  if (fault === 'refuse') return give({ error: { code: 100, message: 'no' } }, 400);
  if (fault === 'elsewhere') return give({ error: { code: 6000, error_subcode: 1363037, error_data: JSON.stringify(offsets()) } }, 400);
  if (fault === 'forget') video.stored = Buffer.alloc(0);
  if (said.upload_phase === 'start') video = { size: said.file_size, stored: Buffer.alloc(0), ended: false };
  if (said.upload_phase === 'transfer' && fault !== 'forget') {
    const [start, chunk] = [Number(said.start_offset), Buffer.from(await said.video_file_chunk.arrayBuffer())];
    assert.deepEqual([start, said.upload_session_id], [video.stored.length, '77'], 'sent blindly');
    assert.ok(chunk.length <= WINDOW);
    video.stored = Buffer.concat([video.stored, chunk]);
  }
  if (said.upload_phase === 'finish') Object.assign(video, { ended: true, title: said.title });
  if (fault === 'lose') return response.socket.destroy();
  give(said.upload_phase === 'finish' ? { success: true } : { upload_session_id: '77', video_id: '88', ...offsets() });
}

/** The uploads of a client whose server fails like this, at each step after the first. */
function uploads(...given) {
  [asked, forms, faults] = [[], [], given];
  return new MetaClient({ accessToken: 'token-hunter2', baseUrl: `http://127.0.0.1:${server.address().port}` }).uploads;
}

const withResolvers = () => {
  const made = {};
  made.promise = new Promise((resolve) => Object.assign(made, { resolve }));
  return made;
};
const content = (size) => Buffer.from(Array.from({ length: size }, (_, at) => (at * 7) % 251));
async function* stream(bytes, size = 300) {
  for (let at = 0; at < bytes.length; at += size) yield new Uint8Array(bytes.subarray(at, at + size));
}

test('a video goes in the chunks that Meta asks for, and tells how far it is', async () => {
  const bytes = content(3_500);
  const seen = [];
  const file = new File([bytes], 'clip.mp4');
  const uploaded = await uploads().video('17', file, { onProgress: (progress) => seen.push(progress) });
  assert.deepEqual(uploaded, { id: '88' });
  assert.deepEqual([video.stored.equals(bytes), video.title], [true, 'clip.mp4']);
  const total = 3_500;
  assert.deepEqual(seen, [0, 1_000, 2_000, 3_000, total].map((sent) => ({ sent, total })));
  assert.deepEqual(asked, [
    'POST /act_17/advideos start',
    ...Array.from({ length: 4 }, () => 'POST /act_17/advideos transfer'),
    'POST /act_17/advideos finish',
  ]);
});

test('whatever is lost on the way, Meta is asked and nothing is sent twice', async (context) => {
  const bytes = content(3_500);
  const faults = ['cut', 'lose', 'elsewhere', undefined, 'cut', 'lose', undefined, 'cut', 'lose'];
  const folder = mkdtempSync(join(tmpdir(), 'acd-uploads-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'clip.mp4'), bytes);
  const onDisk = await openAsBlob(join(folder, 'clip.mp4'));
  for (const file of [new Blob([bytes]), onDisk, bytes, stream(bytes), ReadableStream.from(stream(bytes, 1_700))]) {
    const seen = [];
    await uploads(...faults).video('17', file, { title: 'Clip', size: 3_500, onProgress: ({ sent }) => seen.push(sent) });
    assert.deepEqual([video.stored.equals(bytes), video.title, video.ended], [true, 'Clip', true]);
    assert.deepEqual(seen, seen.toSorted((one, other) => one - other));
    assert.deepEqual([seen.at(-1), new Set(seen).size], [3_500, seen.length]);
    assert.equal(asked.filter((line) => line === 'GET /88?fields=status').length, 7);
  }
});

test('failures without progress come to an end, and a refusal is not repeated', async () => {
  const file = new Blob([content(10)]);
  await assert.rejects(uploads(...Array(9).fill('cut')).video('17', file), { name: 'AcdError', kind: 'interrupted' });
  assert.equal(asked.filter((line) => line.endsWith('transfer')).length, 9);
  await assert.rejects(uploads('refuse').video('17', file), { kind: 'rejected', code: '100' });
  assert.equal(asked.length, 2);
});

test('a signal gives an upload up with its own reason, in the middle of a chunk and between two', async () => {
  const file = new Blob([content(3_500)]);
  for (const between of [false, true]) {
    const controller = new AbortController();
    const reason = new Error('enough');
    const onProgress = ({ sent }) => between && sent === 1_000 && controller.abort(reason);
    const uploading = uploads(undefined, between ? undefined : 'hang').video('17', file, { signal: controller.signal, onProgress });
    if (!between) {
      for (let begun = 0; begun < 3; begun++) await once(server, 'request');
      controller.abort(reason);
    }
    await assert.rejects(uploading, (thrown) => thrown === reason);
    assert.deepEqual([video.stored.length, video.ended], [1_000, false]);
  }
});

test('a signal does not wait for a stream that has stopped', async () => {
  const { promise: stopped, resolve: stop } = withResolvers();
  const still = (async function* () {
    yield new Uint8Array(10);
    stop();
    await new Promise(() => {});
  })();
  for (const begin of [(signal) => uploads().video('17', still, { size: 20, signal }), (signal) => uploads().image('17', still, { signal })]) {
    const controller = new AbortController();
    const uploading = begin(controller.signal);
    await stopped;
    controller.abort(new Error('enough'));
    await assert.rejects(uploading, { message: 'enough' });
  }
});

test('a stream says how large it is, is as large as it says, and is left when the upload ends', async () => {
  const bytes = content(2_500);
  await assert.rejects(uploads().video('17', stream(bytes)), { kind: 'request', message: /give `size`/ });
  assert.equal(asked.length, 0);
  await assert.rejects(uploads().video('17', new Blob([bytes]), { size: 1 }), { kind: 'request', message: /has 2500 bytes, not 1/ });
  for (const [size, message] of [[2_400, /more than 2400 bytes/], [2_600, /only 2500 bytes/]]) {
    const { promise: left, resolve: leave } = withResolvers();
    const watched = (async function* () {
      try {
        yield* stream(bytes);
      } finally {
        leave();
      }
    })();
    await assert.rejects(uploads().video('17', watched, { size }), { kind: 'request', message });
    await left;
    assert.equal(video.ended, false);
  }
  const lost = uploads(undefined, 'forget', 'cut').video('17', stream(bytes), { size: bytes.length });
  await assert.rejects(lost, { name: 'AcdError', message: /upload a Blob instead|nothing of it/ });
});

test('an image and a thumbnail are sent as files', async () => {
  const image = await uploads().image('17', new File(['\x89PNG'], 'a"ö.png'));
  assert.deepEqual(image, { hash: 'abc', width: 2 });
  assert.deepEqual([forms[0].filename.name, await forms[0].filename.text()], ['a"ö.png', '\x89PNG']);
  await uploads().thumbnail('88', stream(content(700)), { name: 'b.jpg', isPreferred: true });
  assert.deepEqual([forms[0].is_preferred, forms[0].source.name, forms[0].source.size], ['true', 'b.jpg', 700]);
  const endless = (async function* () {
    for (;;) yield new Uint8Array(10_000_000);
  })();
  await assert.rejects(uploads().image('17', endless), { kind: 'request', message: /larger than 60000000 bytes/ });
  assert.equal(asked.length, 0);
});

test('the simulated Meta takes images and videos', { skip: process.env.META === undefined }, async () => {
  const { url, world } = JSON.parse(process.env.META);
  const meta = new MetaClient({ accessToken: world.access_token, appSecret: world.app_secret, baseUrl: url });
  const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  const image = await meta.uploads.image(world.ad_account, new Blob([pixel]), { name: 'pixel.png' });
  assert.match(image.hash, /^[0-9a-f]{32}$/);
  const bytes = content(9_000_000);
  const seen = [];
  const { id } = await meta.uploads.video(world.ad_account, new Blob([bytes]), { title: 'Clip', onProgress: ({ sent }) => seen.push(sent) });
  assert.deepEqual([seen[0], seen.at(-1), seen.length > 2], [0, bytes.length, true]);
  assert.equal((await meta.adVideos.get(id)).title, 'Clip');
  await meta.uploads.thumbnail(id, new Blob([pixel]), { name: 'pixel.png', isPreferred: true });
});
