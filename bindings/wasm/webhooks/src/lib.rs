//! The WebAssembly module of `@acd/sdk/webhooks`, without the pipeline, so that who receives webhooks loads no
//! more than that takes.

mod webhook;

pub use webhook::{WebhookVerifier, linear_memory, sha256};
