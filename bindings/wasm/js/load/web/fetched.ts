/** Fetches and compiles a module. */
export async function fetched(address: URL): Promise<WebAssembly.Module> {
  const answer = await fetch(address);
  if (!answer.ok) {
    throw new Error(`${address.pathname} is answered with ${answer.status}: serve it beside the scripts of @acd/sdk`);
  }
  // A server that does not know the type of the file would make streaming fail.
  return WebAssembly.compile(await answer.arrayBuffer());
}
