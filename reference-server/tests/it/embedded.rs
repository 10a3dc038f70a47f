//! The embedded cluster: started, shared, killed, recovered.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use acd_server::kernel::embedded::{Binaries, Durability, EmbeddedCluster, EmbeddedError, EmbeddedOptions};
use sqlx::{Connection, PgConnection};

use crate::support::wait::until;

/// A folder that an unprivileged account can reach, as `/tmp` is.
fn data_dir() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("acd-embedded").tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn fast(data_dir: &Path) -> EmbeddedOptions {
    EmbeddedOptions { data_dir: data_dir.to_path_buf(), durability: Durability::TestOnlyFast }
}

async fn start(data_dir: &Path) -> EmbeddedCluster {
    EmbeddedCluster::start(fast(data_dir)).await.unwrap()
}

async fn number(cluster: &EmbeddedCluster, sql: &'static str) -> i64 {
    let mut connection = PgConnection::connect_with(&cluster.connect_options("acd")).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

async fn kept(cluster: &EmbeddedCluster) -> sqlx::Result<i64> {
    let mut connection = PgConnection::connect_with(&cluster.connect_options("acd")).await?;
    sqlx::query_scalar("SELECT value FROM kept").fetch_one(&mut connection).await
}

async fn run(cluster: &EmbeddedCluster, sql: &'static str) {
    let mut connection = PgConnection::connect_with(&cluster.connect_options("acd")).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

fn pid_file(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres/data/postmaster.pid")
}

fn postmaster(data_dir: &Path) -> String {
    fs::read_to_string(pid_file(data_dir)).unwrap().lines().next().unwrap().to_owned()
}

fn kill(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
}

#[tokio::test]
async fn data_outlives_a_stop_and_a_start() {
    let folder = data_dir();
    let cluster = start(folder.path()).await;
    run(&cluster, "CREATE TABLE kept AS SELECT 7::bigint AS value").await;
    assert!(cluster.url("acd").starts_with("postgresql://acd@localhost/acd?host=%2Ftmp%2F"));
    cluster.stop().await.unwrap();
    assert!(!pid_file(folder.path()).exists());

    let cluster = start(folder.path()).await;
    assert_eq!(number(&cluster, "SELECT value FROM kept").await, 7);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_acd_joins_and_takes_over_when_the_first_stops() {
    let folder = data_dir();
    let first = start(folder.path()).await;
    let second = start(folder.path()).await;
    run(&second, "CREATE TABLE kept AS SELECT 7::bigint AS value").await;
    let before = postmaster(folder.path());
    first.stop().await.unwrap();

    assert_eq!(until("the second one runs the cluster", async || kept(&second).await.ok()).await, 7);
    assert_ne!(postmaster(folder.path()), before);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn leaving_a_shared_cluster_does_not_stop_it() {
    let folder = data_dir();
    let owner = start(folder.path()).await;
    let guest = start(folder.path()).await;
    guest.stop().await.unwrap();
    assert_eq!(number(&owner, "SELECT 1::bigint").await, 1);
    owner.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_is_restarted_with_its_data() {
    let folder = data_dir();
    let options = EmbeddedOptions { durability: Durability::Durable, ..fast(folder.path()) };
    let cluster = EmbeddedCluster::start(options).await.unwrap();
    run(&cluster, "CREATE TABLE kept AS SELECT 7::bigint AS value").await;
    let before = postmaster(folder.path());
    kill("-9", &before);

    let value = until("the server is back", async || {
        let value = kept(&cluster).await.ok()?;
        (postmaster(folder.path()) != before).then_some(value)
    });
    assert_eq!(value.await, 7);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_file_that_names_another_process_is_stale() {
    let folder = data_dir();
    start(folder.path()).await.stop().await.unwrap();
    let owner = fs::metadata(folder.path().join("postgres")).unwrap().uid();
    // Of the same user: PostgreSQL by itself would believe that this is its predecessor.
    let mut sleeper = Command::new("sleep").arg("600").uid(owner).stdout(Stdio::null()).spawn().unwrap();
    let text =
        format!("{}\n{}\n1700000000\n5432\n/nowhere\n\n  1 1\nready   \n", sleeper.id(), folder.path().display());
    fs::write(pid_file(folder.path()), text).unwrap();

    let cluster = start(folder.path()).await;
    assert_eq!(number(&cluster, "SELECT 1::bigint").await, 1);
    assert!(sleeper.try_wait().unwrap().is_none(), "the other process must not be harmed");
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_outlived_its_acd_is_replaced() {
    let folder = data_dir();
    start(folder.path()).await.stop().await.unwrap();
    let home = folder.path().join("postgres");
    let mut orphan = spawn_by_hand(&home);
    until("the orphan is ready", async || {
        fs::read_to_string(pid_file(folder.path())).ok()?.contains("ready").then_some(())
    })
    .await;

    let cluster = start(folder.path()).await;
    assert_eq!(number(&cluster, "SELECT 1::bigint").await, 1);
    assert!(orphan.wait().unwrap().success(), "it is asked to shut down, not killed");
    cluster.stop().await.unwrap();
}

fn spawn_by_hand(home: &Path) -> std::process::Child {
    let metadata = fs::metadata(home).unwrap();
    let data = fs::canonicalize(home.join("data")).unwrap();
    let mut command = Command::new(Binaries::find(None, &data).unwrap().program("postgres"));
    command.arg("-D").arg(data).args(["-c", "listen_addresses=", "-c"]);
    command.arg(format!("unix_socket_directories={}", home.display())).current_dir(home);
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        command.uid(metadata.uid()).gid(metadata.gid());
    }
    command.stderr(Stdio::null()).spawn().unwrap()
}

#[tokio::test]
async fn a_cluster_that_was_half_made_is_made_anew() {
    let folder = data_dir();
    let home = folder.path().join("postgres");
    fs::create_dir_all(home.join("initdb-1/base")).unwrap();
    let cluster = start(folder.path()).await;
    assert_eq!(number(&cluster, "SELECT 1::bigint").await, 1);
    assert!(!home.join("initdb-1").exists());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn folders_are_private_and_root_gives_up_its_rights() {
    let folder = data_dir();
    let cluster = start(folder.path()).await;
    let home = fs::metadata(folder.path().join("postgres")).unwrap();
    let run = fs::metadata(cluster.socket_dir()).unwrap();
    assert_eq!((home.mode() & 0o777, run.mode() & 0o777), (0o700, 0o700));
    let server = fs::metadata(format!("/proc/{}", postmaster(folder.path())));
    if let Ok(server) = server {
        assert_ne!(server.uid(), 0);
        assert_eq!(server.uid(), home.uid());
    }
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn roots_folder_that_no_other_account_may_enter_leads_to_one_that_it_may() {
    if !rustix::process::geteuid().is_root() {
        // Whoever is not root runs PostgreSQL as themselves, in folders that they can enter.
        return;
    }
    let folder = data_dir();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let (first, second) = tokio::join!(start(folder.path()), start(folder.path()));
    let home = fs::read_link(folder.path().join("postgres")).unwrap();
    assert!(home.starts_with("/var/lib/acd"));
    run(&first, "CREATE TABLE kept AS SELECT 7::bigint AS value").await;
    assert_eq!(kept(&second).await.unwrap(), 7);
    second.stop().await.unwrap();
    first.stop().await.unwrap();

    let cluster = start(folder.path()).await;
    assert_eq!(fs::read_link(folder.path().join("postgres")).unwrap(), home);
    assert_eq!(kept(&cluster).await.unwrap(), 7);
    cluster.stop().await.unwrap();
    fs::remove_dir_all(home).unwrap();
}

#[tokio::test]
async fn a_deep_folder_gets_a_short_socket() {
    let folder = data_dir();
    let deep = folder.path().join("d".repeat(120));
    let cluster = start(&deep).await;
    assert_eq!(number(&cluster, "SELECT 1::bigint").await, 1);
    let socket_dir = cluster.socket_dir().to_path_buf();
    assert!(socket_dir.as_os_str().len() < 40);
    cluster.stop().await.unwrap();
    assert!(!socket_dir.exists(), "nothing is left behind outside of the data folder");
}

#[tokio::test]
async fn a_foreign_data_folder_is_refused_with_the_remedy() {
    let folder = data_dir();
    fs::create_dir_all(folder.path().join("postgres/data")).unwrap();
    let error = EmbeddedCluster::start(fast(folder.path())).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Foreign { .. }) && error.to_string().contains("Move it away"), "{error}");

    fs::write(folder.path().join("postgres/data/PG_VERSION"), "9\n").unwrap();
    let error = EmbeddedCluster::start(fast(folder.path())).await.unwrap_err();
    assert!(error.to_string().contains("was written by PostgreSQL 9"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_start_shows_its_last_words() {
    let folder = data_dir();
    start(folder.path()).await.stop().await.unwrap();
    fs::remove_file(folder.path().join("postgres/data/global/pg_control")).unwrap();
    let error = EmbeddedCluster::start(fast(folder.path())).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Ended { .. }) && error.to_string().contains("pg_control"), "{error}");
}
