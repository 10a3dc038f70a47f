import { AcdError } from '../error.js';

/**
 * What can be uploaded. A `Blob` or `File` is read piece by piece when it is sent; of files on disk, `openAsBlob` of `node:fs` gives
 * one. Streams and async iterables are read once.
 */
export type FileSource = Blob | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** A file that is read in pieces. */
export interface Pieces {
  readonly size: number;
  /** Reads from a place that is not before what is stored. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Everything before this place is stored: it is not read again. */
  stored(bytes: number): void;
  /** Nothing more is read. */
  close(): void;
}

/** The bytes of a file that travels whole, of at most so many. */
export async function whole(file: FileSource, most: number): Promise<Uint8Array> {
  const known = sized(file);
  if (known !== undefined) {
    if (known.size > most) throw tooLarge(most);
    return known.read(0, known.size);
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of each(file as AsyncIterable<Uint8Array>)) {
    size += piece.length;
    if (size > most) throw tooLarge(most);
    pieces.push(piece);
  }
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

/** A file to be read in pieces. `size` is what its bytes are said to be, which a stream cannot do without. */
export function pieces(file: FileSource, size: number | undefined): Pieces {
  const known = sized(file);
  if (known !== undefined) {
    if (size === undefined || size === known.size) return known;
    throw new AcdError('request', `the file has ${known.size} bytes, not ${size}: leave \`size\` out`);
  }
  if (size === undefined) {
    throw new AcdError('request', 'a stream does not say how large it is, which Meta wants to know first: give `size`, or a Blob');
  }
  return new Stream(each(file as AsyncIterable<Uint8Array>), size);
}

/** What can be read at any place. */
function sized(file: FileSource): Pieces | undefined {
  const settled = { stored() {}, close() {} };
  if (file instanceof Uint8Array) {
    return { size: file.length, read: async (offset, length) => file.subarray(offset, offset + length), ...settled };
  }
  if (!(file instanceof Blob)) return undefined;
  const read = async (offset: number, length: number) => new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
  return { size: file.size, read, ...settled };
}

/** A stream, of which is held what is not stored yet, so that it can be sent again. */
class Stream implements Pieces {
  readonly size: number;
  readonly #stream: AsyncGenerator<Uint8Array, void, undefined>;
  /** What was read, from `#start` to `#end`. */
  #held: Uint8Array[] = [];
  #start = 0;
  #end = 0;

  constructor(stream: AsyncGenerator<Uint8Array, void, undefined>, size: number) {
    this.#stream = stream;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const wanted = offset + length;
    // At the end it is asked once more, which tells of a stream that is larger than was said.
    while (this.#end < wanted || wanted === this.size) {
      const { done, value } = await this.#stream.next();
      if (done) break;
      this.#held.push(value);
      this.#end += value.length;
      if (this.#end > this.size) break;
    }
    if (this.#end < wanted || this.#end > this.size) {
      throw new AcdError('request', `the stream has ${this.#end < wanted ? 'only' : 'more than'} ${Math.min(this.#end, this.size)} bytes, and not the ${this.size} that were said`);
    }
    if (offset < this.#start) {
      throw new AcdError('request', 'Meta lost what a stream gives but once: upload a Blob instead');
    }
    const bytes = new Uint8Array(length);
    let at = this.#start - offset;
    for (const piece of this.#held) {
      const [from, to] = [Math.max(-at, 0), Math.min(length - at, piece.length)];
      if (from < to) bytes.set(piece.subarray(from, to), at + from);
      at += piece.length;
    }
    return bytes;
  }

  stored(bytes: number): void {
    for (let [first] = this.#held; first !== undefined && this.#start + first.length <= bytes; [first] = this.#held) {
      this.#start += first.length;
      this.#held.shift();
    }
  }

  close(): void {
    // What is thrown by a stream that is left is nobody's concern.
    this.#stream.return().catch(() => {});
  }
}

/** What a stream gives. Not every browser iterates one. */
async function* each(stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const { [Symbol.asyncIterator]: iterate } = stream as Partial<AsyncIterable<Uint8Array>>;
  if (iterate !== undefined) return yield* stream as AsyncIterable<Uint8Array>;
  const reader = (stream as ReadableStream<Uint8Array>).getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    await reader.cancel();
  }
}

function tooLarge(most: number): AcdError {
  return new AcdError('request', `the file is larger than ${most} bytes, which is the most that is sent at once`);
}
