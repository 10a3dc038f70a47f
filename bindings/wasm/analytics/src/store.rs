//! A store of the host's, which is JavaScript.

use acd_analytics::{EventStore, RecordKey, StoreError};
use js_sys::{Array, JsString, Number, Promise, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(typescript_custom_section)]
const INTERFACE: &str = r"
/** Keeps records where they outlive the page or process. */
export interface Store {
  /** Everything that is kept, oldest first. */
  load(): Promise<[key: number, record: Uint8Array][]>;
  /** Keeps a record and gives its key, a whole number. */
  put(record: Uint8Array): Promise<number>;
  /** Removes records, some of which may be gone. */
  remove(keys: number[]): Promise<void>;
}
";

#[wasm_bindgen]
extern "C" {
    /// What keeps records.
    #[wasm_bindgen(typescript_type = "Store")]
    pub type JsStore;

    #[wasm_bindgen(method, catch)]
    fn load(this: &JsStore) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn put(this: &JsStore, record: Uint8Array) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn remove(this: &JsStore, keys: Array) -> Result<Promise, JsValue>;
}

/// A [`JsStore`] as the client keeps it.
pub(crate) struct HostStore(SendWrapper<JsStore>);

impl HostStore {
    pub(crate) fn new(store: JsStore) -> Self {
        Self(SendWrapper::new(store))
    }
}

impl EventStore for HostStore {
    async fn load(&self) -> Result<Vec<(RecordKey, Vec<u8>)>, StoreError> {
        SendWrapper::new(async {
            let records: Array = settled(self.0.load()).await?.dyn_into().map_err(|_| unusable("load"))?;
            records.iter().map(|entry| record(&entry).ok_or_else(|| unusable("load"))).collect()
        })
        .await
    }

    async fn put(&self, record: Vec<u8>) -> Result<RecordKey, StoreError> {
        SendWrapper::new(async {
            let key = settled(self.0.put(Uint8Array::from(&record[..]))).await?;
            number(&key).ok_or_else(|| unusable("put"))
        })
        .await
    }

    async fn remove(&self, keys: Vec<RecordKey>) -> Result<(), StoreError> {
        SendWrapper::new(async {
            // Keys are numbers that JavaScript gave.
            let keys = keys.into_iter().map(|key| JsValue::from_f64(key as f64)).collect();
            settled(self.0.remove(keys)).await.map(drop)
        })
        .await
    }
}

async fn settled(promise: Result<Promise, JsValue>) -> Result<JsValue, StoreError> {
    match promise {
        Ok(promise) => JsFuture::from(promise).await.map_err(|thrown| error(&thrown)),
        Err(thrown) => Err(error(&thrown)),
    }
}

fn error(thrown: &JsValue) -> StoreError {
    let message = Reflect::get(thrown, &"message".into()).ok().and_then(|text| text.dyn_into::<JsString>().ok());
    StoreError::new(message.map_or_else(|| "it threw what is no error".to_owned(), String::from))
}

fn unusable(method: &str) -> StoreError {
    StoreError::new(format!("its method `{method}` gives something else than it should"))
}

fn record(entry: &JsValue) -> Option<(RecordKey, Vec<u8>)> {
    let entry: &Array = entry.dyn_ref()?;
    Some((number(&entry.get(0))?, entry.get(1).dyn_into::<Uint8Array>().ok()?.to_vec()))
}

fn number(value: &JsValue) -> Option<RecordKey> {
    let number = value.as_f64().filter(|_| Number::is_safe_integer(value))?;
    (number >= 0.0).then_some(number as RecordKey)
}
