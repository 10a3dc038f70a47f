//! What the module needs of JavaScript.

use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const INTERFACE: &str = r"
/** What the module needs of JavaScript. */
export interface Host {
  /** Sends a batch once. The bytes are valid until the call returns. */
  send(operation: string, path: string, body: Uint8Array): Exchange;
  /** An error to be thrown. */
  error(kind: string, message: string, code: string | undefined): unknown;
  /** Begins to tell of events that failed for good; `error` is what the last attempt ended with. */
  failed(reason: string, count: number, error: unknown): Failed;
}

/** A request under way. */
export interface Exchange {
  /** Rejects with an error that has the answer's `status` and `retryAfterMs`, where there are any. */
  readonly receipt: Promise<Receipt>;
  abort(): void;
}

/** What the server says of a batch that it took. */
export interface Receipt {
  readonly duplicates: number;
  readonly rejected: readonly { readonly index: number; readonly message_id?: string; readonly code: string; readonly detail: string }[];
}

/** Is told of events one by one. */
export interface Failed {
  add(event: string, rejection: boolean, index: number, messageId: string | undefined, code: string, detail: string): void;
  /** There are no more. */
  end(): void;
}
";

#[wasm_bindgen]
extern "C" {
    /// What the module needs of JavaScript.
    #[wasm_bindgen(typescript_type = "Host")]
    #[derive(Clone)]
    pub type Host;

    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &Host, operation: &str, path: &str, body: &[u8]) -> Exchange;

    #[wasm_bindgen(method)]
    pub(crate) fn error(this: &Host, kind: &str, message: &str, code: Option<&str>) -> JsValue;

    #[wasm_bindgen(method)]
    pub(crate) fn failed(this: &Host, reason: &str, count: f64, error: &JsValue) -> Failed;

    /// A request under way.
    pub(crate) type Exchange;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn receipt(this: &Exchange) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn abort(this: &Exchange);

    /// What the server says of a batch that it took.
    pub(crate) type Receipt;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn duplicates(this: &Receipt) -> u32;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn rejected(this: &Receipt) -> Array;

    /// An event that the server refused.
    pub(crate) type Refused;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn index(this: &Refused) -> u32;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn message_id(this: &Refused) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn code(this: &Refused) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn detail(this: &Refused) -> String;

    /// What a request failed with.
    pub(crate) type Failure;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn status(this: &Failure) -> Option<u16>;

    #[wasm_bindgen(method, getter, js_name = retryAfterMs)]
    pub(crate) fn retry_after_ms(this: &Failure) -> Option<f64>;

    /// Is told of events one by one.
    pub(crate) type Failed;

    #[wasm_bindgen(method)]
    pub(crate) fn add(
        this: &Failed,
        event: &str,
        rejection: bool,
        index: u32,
        message_id: Option<&str>,
        code: &str,
        detail: &str,
    );

    #[wasm_bindgen(method)]
    pub(crate) fn end(this: &Failed);
}
