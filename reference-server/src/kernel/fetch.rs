//! Fetching what a caller names by its URL: never from where only this server reaches, unless an operator allows that.

use std::error::Error as StdError;
use std::io;

use acd_core::{Client, Error, ErrorKind, HyperTransport, Operation, TimeoutClass, TransportOptions};
use bytes::Bytes;
use http::Method;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::problem::Problem;

const FETCH: Operation = Operation::new("fetch", Method::GET, "/").safe().timeout(TimeoutClass::Transfer);
/// Every call names its own URL.
const BASE: &str = "http://fetch.invalid";

/// Fetches files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
}

impl Fetcher {
    /// Fetches from public addresses, and where `allows_private` also from others.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when TLS cannot be set up.
    pub fn new(allows_private: bool) -> acd_core::Result<Self> {
        let mut options = TransportOptions::default();
        options.public_addresses_only = !allows_private;
        let client = Client::builder(BASE).transport(HyperTransport::new(&options)?).build()?;
        Ok(Self { client })
    }

    /// The file at this URL, of at most so many bytes.
    ///
    /// # Errors
    /// 422 `file_not_fetchable` for what will not go better another time, 503 `file_unavailable` for what may.
    pub async fn fetch(&self, url: &str, most: usize) -> Result<Bytes, Problem> {
        let call = self.client.call(&FETCH).url(url).max_response_bytes(most);
        let answer = match call.send().await {
            Ok(answer) => answer.bytes().await,
            Err(error) => Err(error),
        };
        answer.map_err(told)
    }

    /// Writes the file at this URL, of at most so many bytes, into this one, and gives its size and SHA-256. Nothing more of it is
    /// in memory than what is on its way.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch), and 500 when it cannot be written.
    pub async fn fetch_into(&self, url: &str, most: u64, file: &mut File) -> Result<(u64, [u8; 32]), Problem> {
        let answer = self.client.call(&FETCH).url(url).send().await.map_err(told)?;
        let (mut pieces, mut sum, mut size) = (answer.into_stream(), Sha256::new(), 0_u64);
        while let Some(piece) = pieces.chunk().await.map_err(told)? {
            size = size.saturating_add(piece.len() as u64);
            if size > most {
                return Err(told(Error::new(ErrorKind::TooLarge, "more bytes came than are taken")));
            }
            sum.update(&piece);
            file.write_all(&piece).await.map_err(Problem::internal)?;
        }
        file.flush().await.map_err(Problem::internal)?;
        Ok((size, sum.finalize().into()))
    }
}

fn told(error: Error) -> Problem {
    let refused = |why: String| Problem::invalid("file_not_fetchable", why);
    let problem = match error.kind() {
        _ if is_private(&error) => refused(
            "the file's URL leads to an address that is not public; put the file where everybody reaches it".to_owned(),
        ),
        ErrorKind::TooLarge => refused("the file is larger than it may be".to_owned()),
        ErrorKind::Redirect => refused("the file's URL leads elsewhere; record the URL where the file is".to_owned()),
        ErrorKind::Request => {
            refused("the file's URL cannot be asked for; it must be http or https without a password".to_owned())
        }
        _ if error.is_retryable() => {
            Problem::unavailable("file_unavailable", "the file cannot be fetched at the moment")
        }
        _ => refused(match error.status() {
            Some(status) => format!("the file cannot be fetched: its server answers {status}"),
            None => "the file cannot be fetched".to_owned(),
        }),
    };
    problem.with_cause(error)
}

fn is_private(error: &Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
            return true;
        }
        cause = error.source();
    }
    false
}
