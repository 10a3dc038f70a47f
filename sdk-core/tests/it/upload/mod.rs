//! Uploads over real sockets, from real files, through processes that die.

mod server;
mod targets;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use acd_core::upload::{FileSessionStore, FileSource, SessionStore as _, UploadSource as _, Uploader};
use acd_core::{Client, ErrorKind};
use bytes::Bytes;
use tempfile::TempDir;
use tokio::sync::Barrier;

use server::{Fault, UploadServer};
use targets::{ByNumber, ByOffset};

const CHUNK: u64 = 100_000;

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n % 251) as u8).collect()
}

fn client(url: impl Into<String>) -> Client {
    Client::builder(url).build().unwrap()
}

fn by_offset(url: impl Into<String>) -> Uploader<ByOffset> {
    Uploader::new(ByOffset { client: client(url), chunk: CHUNK }).backoff(Duration::ZERO, Duration::ZERO)
}

/// A folder with a file to upload and a place for its session.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new(size: usize) -> Self {
        let files = Self { folder: TempDir::new().unwrap() };
        fs::write(files.source(), content(size)).unwrap();
        files
    }

    fn source(&self) -> PathBuf {
        self.folder.path().join("clip.mp4")
    }

    fn session(&self) -> PathBuf {
        self.folder.path().join("clip.session")
    }
}

#[tokio::test]
async fn every_fault_is_followed_by_a_question_and_nothing_arrives_twice() {
    let faults =
        [Fault::LoseAnswer, Fault::CutAfter(70_000), Fault::Status(503), Fault::Status(416), Fault::LoseAnswer];
    let server = UploadServer::start(faults).await;
    let id = by_offset(server.url()).upload(Bytes::from(content(350_001))).await.unwrap();
    assert_eq!(id, "v1");
    let uploads = server.uploads();
    assert_eq!((uploads.content.len(), uploads.sessions), (350_001, 1));
    assert_eq!(uploads.content, content(350_001));
    let question = "bytes */350001";
    let expected = [
        "bytes 0-99999/350001",
        question,
        "bytes 100000-199999/350001",
        question,
        "bytes 170000-269999/350001",
        question,
        "bytes 170000-269999/350001",
        question,
        "bytes 170000-269999/350001",
        question,
        "bytes 270000-350000/350001",
    ];
    assert_eq!(uploads.ranges, expected);
}

#[tokio::test]
async fn the_answer_to_the_last_part_may_be_lost() {
    let server = UploadServer::start([Fault::None, Fault::LoseAnswer]).await;
    assert_eq!(by_offset(server.url()).upload(Bytes::from(content(150_000))).await.unwrap(), "v1");
    assert_eq!(server.uploads().received, 150_000);
}

#[tokio::test]
async fn an_expired_session_is_begun_anew_from_the_first_byte() {
    let server = UploadServer::start([Fault::None, Fault::Expire]).await;
    assert_eq!(by_offset(server.url()).upload(Bytes::from(content(250_000))).await.unwrap(), "v1");
    let uploads = server.uploads();
    assert_eq!((uploads.sessions, &uploads.content), (2, &content(250_000)));
}

#[tokio::test]
async fn an_aborted_upload_is_gone_at_the_server_and_in_the_store() {
    let server = UploadServer::start([Fault::None, Fault::Status(400)]).await;
    let files = Files::new(250_000);
    let uploader = by_offset(server.url()).store(FileSessionStore::new(files.session()));
    let source = FileSource::open(files.source()).await.unwrap();
    assert_eq!(uploader.upload(source).await.unwrap_err().kind(), ErrorKind::Rejected);
    uploader.abort().await.unwrap();
    assert!(!server.uploads().known && !files.session().exists());
    uploader.abort().await.unwrap();
}

#[tokio::test]
async fn parts_are_sent_together_but_no_more_than_allowed() {
    // The answers to the first three wait for each other: sent one by one, none would ever come.
    let three = Arc::new(Barrier::new(3));
    let server = UploadServer::start((0..3).map(|_| Fault::Meet(Arc::clone(&three)))).await;
    let target = ByNumber { client: client(server.url()), chunk: CHUNK, at_once: 3 };
    let id = Uploader::new(target).upload(Bytes::from(content(1_050_000))).await.unwrap();
    assert_eq!(id, "a1");
    let uploads = server.uploads();
    assert_eq!((uploads.parts.len(), uploads.most_under_way), (11, 3));
    assert_eq!(uploads.content, content(1_050_000));
}

#[tokio::test]
async fn numbered_parts_that_the_server_has_are_not_sent_again() {
    let server = UploadServer::start([Fault::None, Fault::Status(400)]).await;
    let files = Files::new(450_000);
    let upload = |at_once| {
        let target = ByNumber { client: client(server.url()), chunk: CHUNK, at_once };
        let uploader = Uploader::new(target).store(FileSessionStore::new(files.session()));
        let source = files.source();
        async move { uploader.upload(FileSource::open(source).await.unwrap()).await }
    };
    assert_eq!(upload(1).await.unwrap_err().kind(), ErrorKind::Rejected);
    assert_eq!(server.uploads().parts.len(), 1);
    assert_eq!(upload(2).await.unwrap(), "a1");
    assert_eq!(server.uploads().received, 450_000 + 100_000, "only the refused part came twice");
    assert_eq!(server.uploads().content, content(450_000));
}

#[tokio::test]
async fn a_file_that_changed_is_not_joined_to_what_was_sent_of_it() {
    let server = UploadServer::start([Fault::None, Fault::Status(400)]).await;
    let files = Files::new(250_000);
    let uploader = by_offset(server.url()).store(FileSessionStore::new(files.session()));
    uploader.upload(FileSource::open(files.source()).await.unwrap()).await.unwrap_err();
    let mut other = content(250_000);
    other[7] ^= 1;
    fs::write(files.source(), other).unwrap();
    let error = uploader.upload(FileSource::open(files.source()).await.unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert!(error.to_string().contains("abort"), "the remedy is named: {error}");
}

#[tokio::test]
async fn a_file_is_read_where_asked_and_known_by_its_content() {
    let files = Files::new(200_000);
    let source = FileSource::open(files.source()).await.unwrap();
    assert_eq!(source.read_at(199_990, 100).await.unwrap(), content(200_000)[199_990..]);
    assert_eq!(source.read_at(300_000, 1).await.unwrap(), "");
    let before = source.fingerprint().await.unwrap();
    assert_eq!((before.size, &before), (200_000, &source.fingerprint().await.unwrap()));
    // Same size and same time of change: only the content tells.
    let changed = fs::metadata(files.source()).unwrap().modified().unwrap();
    fs::write(files.source(), vec![1; 200_000]).unwrap();
    fs::File::options().write(true).open(files.source()).unwrap().set_modified(changed).unwrap();
    assert_ne!(source.fingerprint().await.unwrap(), before);
    let error = FileSource::open(files.folder.path().join("none")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Environment);
}

#[cfg(unix)]
#[tokio::test]
async fn a_session_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = UploadServer::start([Fault::None, Fault::Status(400)]).await;
    let files = Files::new(250_000);
    let store = FileSessionStore::new(files.session());
    assert!(store.load().await.unwrap().is_none());
    let source = FileSource::open(files.source()).await.unwrap();
    by_offset(server.url()).store(store.clone()).upload(source).await.unwrap_err();
    assert_eq!(fs::metadata(files.session()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(store.load().await.unwrap().unwrap().stored(), 100_000);
    fs::write(files.session(), "{}").unwrap();
    assert_eq!(store.load().await.unwrap_err().kind(), ErrorKind::Decode);
}

/// The body of the processes of the test below.
#[tokio::test]
#[ignore = "a process of the test below"]
async fn upload_in_a_child() {
    let variable = |name| env::var_os(name).unwrap();
    let uploader = by_offset(variable("ACD_TEST_URL").into_string().unwrap());
    let uploader = uploader.store(FileSessionStore::new(variable("ACD_TEST_SESSION")));
    uploader.upload(FileSource::open(variable("ACD_TEST_SOURCE")).await.unwrap()).await.unwrap();
}

fn child(url: &str, source: &Path, session: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["upload::upload_in_a_child", "--exact", "--ignored", "--nocapture"])
        .envs([
            ("ACD_TEST_URL", url.as_ref()),
            ("ACD_TEST_SOURCE", source.as_os_str()),
            ("ACD_TEST_SESSION", session.as_os_str()),
        ])
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_process_goes_on_where_a_killed_one_was() {
    // The third part is stored, but the process dies before it hears of it.
    let server = UploadServer::start([Fault::None, Fault::None, Fault::Hang]).await;
    let files = Files::new(650_000);
    let mut first = child(&server.url(), &files.source(), &files.session());
    server.received_parts(3).await;
    first.kill().unwrap();
    assert!(!first.wait().unwrap().success());
    let session = FileSessionStore::new(files.session()).load().await.unwrap().unwrap();
    assert_eq!(session.stored(), 200_000, "what was acknowledged is saved");

    let mut second = child(&server.url(), &files.source(), &files.session());
    let status = tokio::task::spawn_blocking(move || second.wait()).await.unwrap().unwrap();
    assert!(status.success());
    let uploads = server.uploads();
    assert_eq!(uploads.content, content(650_000));
    assert_eq!((uploads.received, uploads.sessions), (650_000, 1), "no byte came twice");
    assert!(!files.session().exists());
}
