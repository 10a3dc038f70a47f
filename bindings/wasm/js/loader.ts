/** The JavaScript around a module, as far as loading it is concerned. */
interface Glue {
  initSync(given: { module: WebAssembly.Module }): unknown;
}

/**
 * Gives a module once it is needed for the first time: at once where the host can compile it so, else behind a promise.
 */
export function loader<G extends Glue>(
  glue: G,
  load: () => WebAssembly.Module | Promise<WebAssembly.Module>,
): () => G | Promise<G> {
  let state: G | Promise<G> | undefined;
  const start = (compiled: WebAssembly.Module): G => {
    glue.initSync({ module: compiled });
    return glue;
  };
  const wait = async (loading: Promise<WebAssembly.Module>): Promise<G> => {
    try {
      state = start(await loading);
      return state;
    } catch (reason) {
      // A network that failed once may be back at the next call.
      state = undefined;
      throw reason;
    }
  };
  return () => {
    if (state === undefined) {
      const loaded = load();
      state = loaded instanceof WebAssembly.Module ? start(loaded) : wait(loaded);
    }
    return state;
  };
}
