import type { AdAccountId, AdId, AdSetId, AdVideoInput, CampaignId, IgContainerId, ReportRun, ReportRunId, VideoId } from '@acd/types/meta';

import type { CallOptions } from '../client.js';
import { AcdError } from '../error.js';
import type { List } from '../list.js';
import type { MetaClient } from '../meta.js';
import type { InsightsQuery, InsightsRow } from './types.js';
import { sleep } from './waiting.js';

/** The first pause between two looks and the longest, to which it is doubled; and how long is waited at most. */
interface Pauses {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly atMostMs: number;
}

const OF_REPORTS: Pauses = { firstMs: 2_000, longestMs: 30_000, atMostMs: Infinity };
const OF_VIDEOS: Pauses = { firstMs: 3_000, longestMs: 30_000, atMostMs: 900_000 };
const OF_CONTAINERS: Pauses = { firstMs: 2_000, longestMs: 60_000, atMostMs: 900_000 };
/** Meta's codes of failures that may pass. */
const PASSING = [1, 2, 5000];

/**
 * Begins a report as a job, waits until it is ready and gives its rows: one call for reports of any size. A large one takes up to
 * an hour; the signal ends the waiting, not the job. `options` are those of each call. Rejects as `reportReady` does.
 */
export async function insightsReport(
  meta: MetaClient,
  of: AdAccountId | CampaignId | AdSetId | AdId,
  query?: InsightsQuery,
  options: CallOptions = {},
): Promise<List<InsightsRow>> {
  const { report_run_id: id } = await meta.insights.start(of, query, options);
  await reportReady(meta, id, options);
  return meta.insights.rows(id, { limit: query?.limit }, options);
}

/**
 * Waits until the run of a report is ready, asking after 2 s and then ever more rarely, every 30 s at the end. Rejects with `rejected`
 * when the run failed, with Meta's code, and with `not_found` when it expired; also as the calls do.
 */
export function reportReady(meta: MetaClient, id: ReportRunId, options: CallOptions = {}): Promise<ReportRun> {
  return ready(OF_REPORTS, 'the report', options, async () => {
    const run = await meta.insights.run(id, options);
    switch (run.async_status) {
      case 'Job Failed': {
        const { error_code: code, error_subcode: subcode } = run;
        const codes = [code, subcode].filter((part) => part !== undefined && part !== null);
        const facts = { code: codes.join('/') || undefined, retryable: PASSING.includes(code ?? 0) };
        throw new AcdError('rejected', `the report's run failed: ${run.error_message ?? 'Meta does not say why'}`, facts);
      }
      case 'Job Skipped':
        throw new AcdError('not_found', 'the report\'s run has expired: begin it anew');
      default:
        return run.async_status === 'Job Completed' && run.async_percent_completion === 100 ? run : undefined;
    }
  });
}

/**
 * Waits until a video can be shown: looks after 3 s and then ever more rarely, every 30 s at the end, for a quarter of an hour at most.
 * Rejects with `rejected` when Meta cannot use it, and with `timeout` when it is not ready in time, which does it no harm; also as the
 * call does.
 */
export function videoReady(meta: MetaClient, id: VideoId, options: CallOptions = {}): Promise<AdVideoInput> {
  return ready(OF_VIDEOS, 'the video', options, async () => {
    const video = await meta.adVideos.get(id, ['status'], options);
    const { video_status: status, processing_phase: phase } = video.status ?? {};
    if (status === 'error' || status === 'expired') {
      throw new AcdError('rejected', `Meta cannot use the video: ${JSON.stringify(phase?.errors ?? [])}`);
    }
    return status === 'ready' ? video : undefined;
  });
}

/**
 * Waits until a container of Instagram's may be published: looks after 2 s and then ever more rarely, every minute at the end, for a quarter
 * of an hour at most. Rejects with `rejected` when Instagram cannot use the media, with `not_found` when the container expired, and with
 * `timeout` when it is not ready in time, which does it no harm; also as the call does.
 */
export async function containerReady(meta: MetaClient, id: IgContainerId, options: CallOptions = {}): Promise<void> {
  await ready(OF_CONTAINERS, 'the container', options, async () => {
    const { status_code: code, status } = await meta.instagram.container(id, options);
    if (code === 'ERROR') throw new AcdError('rejected', `Instagram cannot use the media: ${status ?? 'it does not say why'}`);
    if (code === 'EXPIRED') throw new AcdError('not_found', 'the container was not published within a day and has expired: make another one');
    return code === 'FINISHED' || code === 'PUBLISHED' ? true : undefined;
  });
}

/** Looks again and again until there is something. */
async function ready<T>(pauses: Pauses, what: string, { signal }: CallOptions, look: () => Promise<T | undefined>): Promise<T> {
  let [waited, pause] = [0, pauses.firstMs];
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (waited + pause > pauses.atMostMs) {
      throw new AcdError('timeout', `Meta still works on ${what}: wait for it again`, { mayHaveBeenSent: true });
    }
    await sleep(pause, signal);
    waited += pause;
    pause = Math.min(pause * 2, pauses.longestMs);
  }
}
