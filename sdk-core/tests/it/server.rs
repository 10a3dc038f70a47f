//! A server on a loopback port that does what its script says, connection by connection.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::tls::Identity;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers and keeps the connection.
    Answer { status: u16, headers: &'static str, body: String },
    /// Writes these bytes as they are and closes.
    Raw(&'static str),
    /// Reads the request and closes without a word.
    Close,
    /// Reads the request and waits until the client goes away.
    Hang,
}

pub(crate) fn ok(body: impl Into<String>) -> Reply {
    Reply::Answer { status: 200, headers: "", body: body.into() }
}

pub(crate) fn status(status: u16) -> Reply {
    Reply::Answer { status, headers: "", body: String::new() }
}

/// A request as it came over the wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) connection: usize,
    pub(crate) line: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

#[derive(Clone)]
pub(crate) struct Server {
    port: u16,
    identity: Option<Identity>,
    script: Arc<Mutex<VecDeque<Reply>>>,
    requests: watch::Sender<Vec<Received>>,
    gone: watch::Sender<usize>,
}

impl Server {
    pub(crate) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::start_as(None, script).await
    }

    /// Over TLS, if it has an identity.
    pub(crate) async fn start_as(identity: Option<Identity>, script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            identity,
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            requests: watch::Sender::default(),
            gone: watch::Sender::default(),
        };
        let accepting = server.clone();
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let server = accepting.clone();
                tokio::spawn(async move {
                    match server.identity.clone() {
                        None => server.serve(connection, stream).await,
                        Some(identity) => server.serve(connection, identity.accept(stream).await?).await,
                    }
                });
            }
        });
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.requests.borrow().clone()
    }

    /// Waits until this many requests have come.
    pub(crate) async fn received(&self, count: usize) {
        self.requests.subscribe().wait_for(|requests| requests.len() >= count).await.unwrap();
    }

    /// Waits until this many clients have gone away from a hanging request.
    pub(crate) async fn gone(&self, count: usize) {
        self.gone.subscribe().wait_for(|gone| *gone >= count).await.unwrap();
    }

    /// Serves one connection. A read or write that fails means that the client is gone, which ends it.
    async fn serve(self, connection: usize, stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let request = read_request(connection, &mut stream).await?;
            self.requests.send_modify(|requests| requests.push(request));
            let reply = self.script.lock().unwrap().pop_front()?;
            match reply {
                Reply::Answer { status, headers, body } => {
                    let length = body.len();
                    let answer = format!("HTTP/1.1 {status} Status\r\n{headers}content-length: {length}\r\n\r\n{body}");
                    stream.write_all(answer.as_bytes()).await.ok()?;
                }
                Reply::Raw(bytes) => return stream.write_all(bytes.as_bytes()).await.ok(),
                Reply::Close => return None,
                Reply::Hang => {
                    let _bytes_or_reset = stream.read(&mut [0; 64]).await;
                    self.gone.send_modify(|gone| *gone += 1);
                    return None;
                }
            }
        }
    }
}

pub(crate) async fn read_request(connection: usize, stream: &mut (impl AsyncBufRead + Unpin)) -> Option<Received> {
    let mut request = Received { connection, line: read_line(stream).await?, ..Received::default() };
    loop {
        match read_line(stream).await?.as_str() {
            "" => break,
            line => request.headers.push(line.to_owned()),
        }
    }
    if let Some(length) = request.header("content-length") {
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.ok()?;
        request.body = String::from_utf8(body).unwrap();
    } else if request.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut chunk = vec![0; usize::from_str_radix(&read_line(stream).await?, 16).unwrap() + 2];
            stream.read_exact(&mut chunk).await.ok()?;
            chunk.truncate(chunk.len() - 2);
            if chunk.is_empty() {
                break;
            }
            request.body.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
    Some(request)
}

async fn read_line(stream: &mut (impl AsyncBufRead + Unpin)) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}
