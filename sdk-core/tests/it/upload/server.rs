//! A server on a loopback port that takes uploads: by offset, as YouTube does, and by numbered parts, as object stores
//! do. It fails as its script says.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, watch};

/// What goes wrong with one part.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    None,
    /// The bytes are stored, and the connection is cut without an answer.
    LoseAnswer,
    /// So many bytes are stored, then the connection is cut.
    CutAfter(usize),
    /// This status, and nothing is stored.
    Status(u16),
    /// The session is forgotten.
    Expire,
    /// The bytes are stored, and no answer ever comes.
    Hang,
    /// The answer waits until as many parts wait as the barrier wants.
    Meet(Arc<Barrier>),
}

#[derive(Default)]
pub(crate) struct Uploads {
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) sessions: u32,
    pub(crate) known: bool,
    pub(crate) content: Vec<u8>,
    pub(crate) parts: BTreeMap<u64, Vec<u8>>,
    pub(crate) complete: bool,
    /// How many bytes of parts came in all, those that were not stored included.
    pub(crate) received: usize,
    /// Every `Content-Range` in its order, of parts and of questions.
    pub(crate) ranges: Vec<String>,
    under_way: usize,
    pub(crate) most_under_way: usize,
}

#[derive(Clone)]
pub(crate) struct UploadServer {
    port: u16,
    uploads: Arc<Mutex<Uploads>>,
    parts: watch::Sender<usize>,
}

struct Request {
    line: String,
    headers: Vec<String>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn length(&self) -> usize {
        self.header("content-length").map_or(0, |length| length.parse().unwrap())
    }
}

impl UploadServer {
    pub(crate) async fn start(faults: impl IntoIterator<Item = Fault>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let uploads = Uploads { faults: faults.into_iter().collect(), ..Uploads::default() };
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, uploads: Arc::new(Mutex::new(uploads)), parts: watch::Sender::default() };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = accepting.clone();
                tokio::spawn(async move { server.serve(BufReader::new(stream)).await });
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn uploads(&self) -> MutexGuard<'_, Uploads> {
        self.uploads.lock().unwrap()
    }

    /// Waits until so many parts have come, whatever became of them.
    pub(crate) async fn received_parts(&self, count: usize) {
        self.parts.subscribe().wait_for(|parts| *parts >= count).await.unwrap();
    }

    /// Serves one connection. `None` says that it ended.
    async fn serve(self, mut stream: BufReader<TcpStream>) -> Option<()> {
        loop {
            let request = read_head(&mut stream).await?;
            let mut words = request.line.split(' ');
            let (method, path) = (words.next()?, words.next()?);
            self.uploads().ranges.extend(request.header("content-range").map(str::to_owned));
            let is_part = method == "PUT" && request.length() > 0;
            let answer = if is_part {
                self.part(path, &request, &mut stream).await?
            } else {
                let mut body = vec![0; request.length()];
                stream.read_exact(&mut body).await.ok()?;
                self.other(method, path)
            };
            stream.write_all(answer.as_bytes()).await.ok()?;
        }
    }

    async fn part(&self, path: &str, request: &Request, stream: &mut BufReader<TcpStream>) -> Option<String> {
        let fault = {
            let mut uploads = self.uploads();
            uploads.under_way += 1;
            uploads.most_under_way = uploads.most_under_way.max(uploads.under_way);
            uploads.faults.pop_front().unwrap_or(Fault::None)
        };
        let length = if let Fault::CutAfter(length) = fault { length } else { request.length() };
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        let answer = self.store(path, request, &body, &fault);
        self.parts.send_modify(|parts| *parts += 1);
        match fault {
            Fault::LoseAnswer | Fault::CutAfter(_) => return None,
            Fault::Hang => std::future::pending::<()>().await,
            Fault::Meet(barrier) => {
                barrier.wait().await;
            }
            Fault::None | Fault::Status(_) | Fault::Expire => {}
        }
        self.uploads().under_way -= 1;
        Some(answer)
    }

    fn store(&self, path: &str, request: &Request, body: &[u8], fault: &Fault) -> String {
        let uploads = &mut *self.uploads();
        uploads.received += body.len();
        match fault {
            Fault::Status(status) => return answer(*status, "", ""),
            Fault::Expire => uploads.known = false,
            _ => {}
        }
        if !uploads.known {
            return answer(410, "", "");
        }
        if let Some(number) = path.strip_prefix("/parts/") {
            let sum: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(request.header("x-sha256"), Some(&*sum));
            uploads.parts.insert(number.parse().unwrap(), body.to_vec());
            return answer(200, &format!("etag: tag-{number}\r\n"), "");
        }
        let range = request.header("content-range").unwrap().strip_prefix("bytes ").unwrap();
        let (first, total) = (range.split_once('-').unwrap().0, range.split_once('/').unwrap().1);
        if first.parse() != Ok(uploads.content.len()) {
            return answer(416, "", "");
        }
        uploads.content.extend_from_slice(body);
        uploads.complete = total.parse() == Ok(uploads.content.len());
        uploads.standing()
    }

    fn other(&self, method: &str, path: &str) -> String {
        let uploads = &mut *self.uploads();
        match (method, path) {
            ("POST", "/uploads") => {
                uploads.sessions += 1;
                (uploads.known, uploads.content) = (true, Vec::new());
                answer(201, &format!("location: {}/session?upload_id=7\r\n", self.url()), "")
            }
            _ if !uploads.known => answer(404, "", ""),
            ("PUT", _) => uploads.standing(),
            ("GET", "/parts") => {
                let numbers: Vec<String> = uploads.parts.keys().map(u64::to_string).collect();
                answer(200, "", &format!("[{}]", numbers.join(",")))
            }
            ("POST", "/complete") => {
                uploads.complete = true;
                uploads.content = uploads.parts.values().flatten().copied().collect();
                answer(200, "", r#"{"id":"a1","new_field":1}"#)
            }
            ("DELETE", _) => {
                uploads.known = false;
                answer(204, "", "")
            }
            _ => answer(404, "", ""),
        }
    }
}

impl Uploads {
    fn standing(&self) -> String {
        match self.content.len() {
            _ if self.complete => answer(201, "", r#"{"id":"v1","new_field":1}"#),
            0 => answer(308, "", ""),
            length => answer(308, &format!("range: bytes=0-{}\r\n", length - 1), ""),
        }
    }
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Status\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

async fn read_head(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers = lines.split_off(1);
    Some(Request { line: lines.pop()?, headers })
}
