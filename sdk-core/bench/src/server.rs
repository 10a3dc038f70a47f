//! A server on loopback, in a process of its own, that answers every request with the same small JSON.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const ANSWER: &[u8] = br#"{"id":"key_01J9Z3K4M5N6P7Q8R9S0T1U2V3","name":"a key","created":1767225600,"live":true}"#;

/// The server's process, stopped when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let program = std::env::current_exe()?;
        let mut process = Command::new(program).arg("serve").stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left to do.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(async move {
                let answer = service_fn(|request: http::Request<Incoming>| async {
                    let mut body = request.into_body();
                    while let Some(frame) = body.frame().await {
                        frame?;
                    }
                    let mut answer = http::Response::new(Full::new(Bytes::from_static(ANSWER)));
                    let json = http::HeaderValue::from_static("application/json");
                    answer.headers_mut().insert(http::header::CONTENT_TYPE, json);
                    Ok::<_, hyper::Error>(answer)
                });
                if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await {
                    eprintln!("a connection broke: {error}");
                }
            });
        }
    })
}
