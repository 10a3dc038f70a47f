import type { AdVideo, UploadedImage } from '@acd/types/meta';

import type { CallOptions } from '../client.js';
import { AcdError } from '../error.js';
import type { MetaCaller } from './caller.js';
import { type FileSource, type Pieces, pieces, whole } from './file.js';
import { sleep, unlessAborted } from './waiting.js';

/** The most that is sent in one piece; of images Meta takes half of it. */
const LARGEST = 60_000_000;
/** After so many failures in a row, without a byte more being stored, an upload has failed. */
const MOST_FAILURES = 8;
/** The wait after a failure, which doubles with each further one, and the longest. */
const [WAIT_MS, LONGEST_WAIT_MS] = [1_000, 64_000];
/** A longer wait that Meta asks for ends the upload. */
const LONGEST_ASKED_MS = 300_000;
/** Meta refuses a chunk, since it is at another place. */
const ELSEWHERE = '1363037';

/** How an image is uploaded. */
export interface UploadImageOptions extends CallOptions {
  /** The name of the file. Default: that of a `File`, else `image`. */
  name?: string | undefined;
}

/** How a video's thumbnail is uploaded. */
export interface UploadThumbnailOptions extends UploadImageOptions {
  /** Whether the video shows it from then on. Default `false`. */
  isPreferred?: boolean | undefined;
}

/** How far an upload is, in bytes. */
export interface UploadProgress {
  /** What Meta has. It never falls, and is `total` at the end. */
  readonly sent: number;
  readonly total: number;
}

/** How a video is uploaded. */
export interface UploadVideoOptions {
  /** Default: the name of a `File`, else none. */
  title?: string | undefined;
  /** How many bytes a stream has, which Meta wants to know first. */
  size?: number | undefined;
  /** Told whenever Meta has more of it. */
  onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Gives the upload up when it fires: the request is aborted, and the upload rejects with the signal's reason. Meta forgets what it has. */
  signal?: AbortSignal | undefined;
}

/** A video that was uploaded, on which Meta then works for a while: `adVideos.get` tells when it can be shown. */
export interface UploadedVideo {
  readonly id: string;
}

/** What is sent next; numbers come as text. */
interface Offsets {
  readonly start_offset: string | number;
  readonly end_offset: string | number;
}

interface Started extends Offsets {
  readonly upload_session_id: string | number;
  readonly video_id: string;
}

/** Files for ads. */
export class Uploads {
  readonly #caller: MetaCaller;

  constructor(caller: MetaCaller) {
    this.#caller = caller;
  }

  /** Uploads an image, JPEG or PNG, of at most 30 MB, to an ad account. Safe to repeat: the same bytes give the same hash. */
  async image(accountId: string, file: FileSource, options: UploadImageOptions = {}): Promise<UploadedImage> {
    const { name = nameOf(file) ?? 'image', ...call } = options;
    const bytes = await unlessAborted(whole(file, LARGEST), call.signal);
    const form = withFile({}, 'filename', bytes, name);
    const answer = await this.#caller.sendForm<{ images?: Record<string, UploadedImage> }>('meta.images.upload', [accountId], form, call);
    // Meta names the one image by the part or by the file.
    const [image] = Object.values(answer.images ?? {});
    if (image === undefined) throw new AcdError('decode', 'the answer to the upload holds no image', { mayHaveBeenSent: true });
    return image;
  }

  /** Adds a thumbnail, JPEG or PNG, to a video. A second one of the same bytes is another thumbnail. */
  async thumbnail(videoId: string, file: FileSource, options: UploadThumbnailOptions = {}): Promise<void> {
    const { name = nameOf(file) ?? 'image', isPreferred = false, ...call } = options;
    const bytes = await unlessAborted(whole(file, LARGEST), call.signal);
    const form = withFile({ is_preferred: `${isPreferred}` }, 'source', bytes, name);
    await this.#caller.sendForm('meta.videos.add_thumbnail', [videoId], form, call);
  }

  /**
   * Uploads a video of at most 10 GB to an ad account, in chunks whose sizes Meta chooses and of which one is in memory. A chunk whose
   * answer is lost is not sent again blindly: Meta is asked what it has, and the upload goes on from there.
   */
  async video(accountId: string, file: FileSource, options: UploadVideoOptions = {}): Promise<UploadedVideo> {
    const { title = nameOf(file) ?? '', size, onProgress, signal } = options;
    const read = pieces(file, size);
    let told = -1;
    const stored = (sent: number) => {
      read.stored(sent);
      if (sent <= told) return;
      told = sent;
      onProgress?.({ sent, total: read.size });
    };
    try {
      return { id: await this.#inChunks(accountId, read, title, stored, { signal }) };
    } finally {
      read.close();
    }
  }

  async #inChunks(
    accountId: string,
    file: Pieces,
    title: string,
    stored: (bytes: number) => void,
    options: CallOptions,
  ): Promise<string> {
    const path = [accountId];
    const phase = <T>(body: object) => this.#caller.read<T>('meta.videos.chunked', { path, body }, options);
    const started = await phase<Started>({ upload_phase: 'start', file_size: file.size });
    const { video_id: id } = started;
    const session = String(started.upload_session_id);
    const [first, behind] = offsets(started);
    let next: Span | undefined = [first, behind];
    let [best, failures] = [0, 0];
    for (;;) {
      try {
        next ??= await this.#standing(id, behind - first, options);
        if (next === undefined) {
          stored(file.size);
          return id;
        }
        while (next[0] < file.size) {
          stored(next[0]);
          next = await this.#chunk(path, session, file, next, options);
          if (next[0] > best) [best, failures] = [next[0], 0];
        }
        await phase({ upload_phase: 'finish', upload_session_id: session, title });
        stored(file.size);
        return id;
      } catch (thrown) {
        await pause(thrown, ++failures, options.signal);
        next = undefined;
      }
    }
  }

  /** Sends what Meta wants next, and gives what it wants then. */
  async #chunk(path: string[], session: string, file: Pieces, [start, end]: Span, options: CallOptions): Promise<Span> {
    const length = Math.min(end, file.size) - start;
    if (length <= 0) throw new AcdError('integrity', `Meta wants nothing after ${start} of ${file.size} bytes`);
    const bytes = await unlessAborted(file.read(start, length), options.signal);
    const fields = { upload_phase: 'transfer', upload_session_id: session, start_offset: `${start}` };
    const form = withFile(fields, 'video_file_chunk', bytes, 'chunk');
    const next = offsets(await this.#caller.sendForm<Offsets>('meta.videos.chunk', path, form, options));
    if (next[0] > file.size) throw new AcdError('integrity', `Meta says that it has ${next[0]} bytes of a file of ${file.size}`);
    if (next[0] > start) return next;
    throw new AcdError('conflict', 'Meta took a chunk and stored nothing of it', { retryable: true, mayHaveBeenSent: true });
  }

  /** What to send next, as a video's status tells; nothing once the upload was ended. */
  async #standing(id: string, chunk: number, options: CallOptions): Promise<Span | undefined> {
    const { status } = await this.#caller.read<AdVideo>('meta.videos.get', { path: [id], query: { fields: 'status' } }, options);
    const work = status?.processing_phase?.status;
    if (status?.video_status === 'ready' || work === 'in_progress' || work === 'complete') return undefined;
    const start = status?.uploading_phase?.bytes_transferred ?? 0;
    // It does not tell how much Meta takes, and a chunk that is larger than the first is refused once it is sent.
    return [start, start + chunk];
  }
}

/** What is sent next: its first byte, and the first behind it. */
type Span = readonly [start: number, end: number];

function offsets({ start_offset, end_offset }: Offsets): Span {
  const span = [Number(start_offset), Number(end_offset)] as const;
  if (span.every(Number.isSafeInteger)) return span;
  throw new AcdError('decode', 'the offsets of the upload are no numbers', { mayHaveBeenSent: true });
}

/** Waits after a failure that may pass, and throws any other. */
async function pause(thrown: unknown, failures: number, signal: AbortSignal | null | undefined): Promise<void> {
  const passes = thrown instanceof AcdError && (thrown.retryable || thrown.code?.split('/').includes(ELSEWHERE));
  if (!passes || failures > MOST_FAILURES || (thrown.retryAfterMs ?? 0) > LONGEST_ASKED_MS) throw thrown;
  const most = Math.min(WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
  const wait = Math.max(Math.random() * most, thrown.retryAfterMs ?? 0);
  await sleep(wait, signal);
}

function withFile(fields: Record<string, string>, part: string, bytes: Uint8Array, name: string): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append(part, new Blob([bytes as BlobPart], { type: 'application/octet-stream' }), name);
  return form;
}

function nameOf(file: FileSource): string | undefined {
  return typeof File === 'function' && file instanceof File ? file.name : undefined;
}
