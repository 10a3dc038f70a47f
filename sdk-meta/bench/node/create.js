// Creates campaigns with the official SDK, a round for each line on standard input.
//
// A line is their number; the answer is the nanoseconds of the processor, in user and in kernel mode, that it took.

import { createInterface } from 'node:readline';
import { create } from './meta.js';

for await (const line of createInterface({ input: process.stdin })) {
  // Connects.
  await create();
  const start = process.cpuUsage();
  for (let nth = 0; nth < Number(line); nth++) await create();
  const { user, system } = process.cpuUsage(start);
  console.log(String((user + system) * 1000));
}
