// Creates campaigns with the official SDK for a while, and tries again what is throttled, as one does without a limiter.
//
// A line on standard input is the milliseconds that it shall last, how many times as fast time passes, how many work at once,
// and the milliseconds from one call of theirs to the next; the answer is the number of campaigns.

import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from './meta.js';

const THROTTLED = new Set([4, 17, 32, 613, 80004]);
// Exponential backoff with full jitter, from 1 s to 60 s.
const backoff = (attempt) => Math.random() * Math.min(60_000, 1000 * 2 ** attempt);

for await (const line of createInterface({ input: process.stdin })) {
  const [milliseconds, speed, workers, pause] = line.split(' ').map(Number);
  const end = performance.now() + milliseconds / speed;
  const wait = (time) => sleep(Math.max(0, Math.min(time / speed, end - performance.now())));
  let created = 0;
  const work = async () => {
    for (let attempt = 0; performance.now() < end; ) {
      try {
        await create();
        created++;
        attempt = 0;
        await wait(pause);
      } catch (error) {
        if (!THROTTLED.has(error.response?.code)) throw error;
        await wait(backoff(attempt++));
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  console.log(String(created));
}
