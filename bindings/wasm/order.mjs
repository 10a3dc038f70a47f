// Puts functions that are alike next to one another, since gzip finds repetitions within 32 KB alone. Nothing but the order of
// functions changes.

/** What gzip looks back at. */
const WINDOW = 30_000;
/** So many bytes in common are worth looking for. */
const PIECE = 6;
/** What is in more functions than this is everywhere near anyway. */
const RARE = 80;

/** The bodies of a module's functions, as its bytes have them. */
function bodies(module) {
  let at = 8;
  const number = () => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = module[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < module.length) {
    const [section, size] = [module[at++], number()];
    const end = at + size;
    if (section === 10) {
      return Array.from({ length: number() }, () => {
        const size = number();
        at += size;
        return module.subarray(at - size, at);
      });
    }
    at = end;
  }
  return [];
}

/** The places of functions in an order in which each is like those before it, as far as any is. */
function chain(functions) {
  const owners = new Map();
  const pieces = functions.map((body) => {
    const text = Buffer.from(body).toString('latin1');
    const found = new Set();
    for (let at = 0; at + PIECE <= text.length; at++) found.add(text.slice(at, at + PIECE));
    return [...found];
  });
  for (const [place, found] of pieces.entries()) {
    for (const piece of found) owners.get(piece)?.push(place) ?? owners.set(piece, [place]);
  }
  const shared = pieces.map((found) => found.map((piece) => owners.get(piece)).filter(({ length }) => length > 1 && length <= RARE));
  const worth = functions.map(({ length }) => length ** 0.8);

  const order = [];
  const left = new Set(functions.keys());
  /** How many pieces of each function are in sight. */
  const score = new Int32Array(functions.length);
  /** How often each piece is in sight, by those whose it is. */
  const seen = new Map();
  const look = (place, by) => {
    for (const some of shared[place]) {
      const before = seen.get(some) ?? 0;
      seen.set(some, before + by);
      if (before === 0 || before + by === 0) for (const owner of some) score[owner] += by;
    }
  };
  const sight = [];
  let size = 0;
  for (let next = 0; left.size > 0; ) {
    left.delete(next);
    order.push(next);
    sight.push(next);
    size += functions[next].length;
    look(next, 1);
    while (size > WINDOW && sight.length > 1) {
      const gone = sight.shift();
      size -= functions[gone].length;
      look(gone, -1);
    }
    let most = -1;
    for (const place of left) {
      const likeness = score[place] / worth[place];
      if (likeness > most) [most, next] = [likeness, place];
    }
  }
  return order;
}

/** The text of a module, as `wasm-dis` writes it of these bytes, with its functions in that order. */
export function ordered(module, text) {
  const [head, ...functions] = text.split(/^ (?=\(func )/m);
  // What ends the module comes after the last.
  const last = functions.pop();
  const end = last.indexOf('\n )\n') + '\n )\n'.length;
  functions.push(last.slice(0, end));
  const order = chain(bodies(module));
  if (order.length !== functions.length) throw new Error(`${order.length} functions are ${functions.length} in the text`);
  return head + order.map((place) => ` ${functions[place]}`).join('') + last.slice(end);
}
