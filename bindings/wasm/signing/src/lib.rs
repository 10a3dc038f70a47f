//! The WebAssembly module of `@acd/sdk/signing`: signatures on requests, without the pipeline, for programs that send and
//! receive by other means.

mod checker;
mod request;
mod signer;

pub use checker::RequestVerifier;
pub use signer::RequestSigner;
