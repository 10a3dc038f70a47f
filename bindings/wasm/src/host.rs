//! What JavaScript does for the module.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const HOST: &str = r"
/** What JavaScript does for the module. No function may throw. */
export interface Host {
  /**
   * Sends a request with `fetch`. `head` is lines: the method, the URL, then name and value of each header. `body` is a view of
   * the module's memory, to be copied at once. More than `largest` bytes of a success are not to be read. The outcome is told by
   * `answered`, `broke` or `failed`; that of a success that is to be kept by `kept`.
   */
  send(number: number, head: string, body: Uint8Array, keep: boolean, largest: number): void;
  /** Nobody waits for this request any more. */
  abandon(number: number): void;
  /** A call has succeeded, with this text or with nothing. */
  resolve(ticket: number, text: string | undefined): void;
  /** A call has failed: with the view of an error as JSON, or with nothing since it was given up. */
  reject(ticket: number, error: string | undefined): void;
}
";

#[wasm_bindgen]
extern "C" {
    /// The object that every client of the module is given. It is one for all of them.
    #[derive(Clone, Debug)]
    #[wasm_bindgen(typescript_type = "Host")]
    pub type Host;

    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &Host, number: u32, head: &str, body: &[u8], keep: bool, largest: u32);

    #[wasm_bindgen(method)]
    pub(crate) fn abandon(this: &Host, number: u32);

    #[wasm_bindgen(method)]
    pub(crate) fn resolve(this: &Host, ticket: u32, text: &JsValue);

    #[wasm_bindgen(method)]
    pub(crate) fn reject(this: &Host, ticket: u32, error: Option<&str>);
}
