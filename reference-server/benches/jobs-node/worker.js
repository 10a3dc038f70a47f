// The official graphile-worker, driven by benches/jobs/graphile.rs: a line of JSON for each thing that it tells.
import { makeWorkerUtils, run, Logger } from "graphile-worker";

const [connectionString, mode, countText] = process.argv.slice(2);
const count = Number(countText);
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const now = () => performance.timeOrigin + performance.now();
const logger = new Logger(() => (level, message) => {
  if (level === "error") process.stderr.write(`${message}\n`);
});

// As its page on performance sets it for throughput; without batches, everything but the side by side is left as it is.
const batched = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};
const unbatched = { concurrentJobs: 10, maxPoolSize: 12 };
const worker = mode === "batched" ? batched : unbatched;

let done = 0;
let started = () => {};
let all = () => {};
const finished = new Promise((resolve) => (all = resolve));
const taskList = {
  "bench.nothing": () => {
    started(performance.now());
  },
};

const runner = await run({ taskList, noHandleSignals: true, preset: { worker: { ...worker, connectionString, logger } } });

runner.events.on("job:complete", () => {
  if (++done === count) all();
});

if (mode === "latency") {
  const utils = await makeWorkerUtils({ preset: { worker: { connectionString, logger } } });
  const waits = [];
  for (let job = 0; job < count + 20; job++) {
    const begun = new Promise((resolve) => (started = resolve));
    const asked = performance.now();
    await utils.addJob("bench.nothing", {});
    waits.push((await begun) - asked);
    // What ends the job is not part of the next one's wait.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await runner.stop();
  await utils.release();
  // The first ones warm both sides up.
  tell({ waits: waits.slice(20) });
} else {
  const utils = await makeWorkerUtils({ preset: { worker: { connectionString, logger } } });
  tell({ ready: true });
  await finished;
  // It tells that a job is complete before that is written, and stops without waiting for it.
  const left = "select exists (select from graphile_worker._private_jobs) as are";
  while ((await utils.withPgClient((pg) => pg.query(left))).rows[0].are) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  tell({ end: now() });
  await runner.stop();
  await utils.release();
}
process.exit(0);
