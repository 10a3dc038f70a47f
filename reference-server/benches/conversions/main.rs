//! Conversions beside events, in one run on one durable cluster: `cargo xtask bench hub`.

mod batches;
#[path = "../ingest/http.rs"]
mod http;
#[path = "../support/http.rs"]
mod load;
#[path = "../ingest/table.rs"]
mod table;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use acd_platform::PlatformClient;
use acd_platform::meta_events::PutConversionSwitch;
use acd_server::kernel::embedded::{DATABASE, Durability, EmbeddedCluster, EmbeddedOptions};
use sqlx::{Connection, PgConnection};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const ADDRESS: &str = "127.0.0.1:4498";
const ROUNDS: usize = 5;
const ROWS: usize = 30_000;
const CONNECTIONS: usize = 8;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("acd-bench-conversions-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = run(&folder).await;
    std::fs::remove_dir_all(&folder)?;
    done
}

async fn run(folder: &Path) -> Result<()> {
    let options = EmbeddedOptions { data_dir: folder.to_owned(), durability: Durability::Durable };
    let cluster = EmbeddedCluster::start(options).await?;
    let scopes = ["events:write", "conversions:send", "conversions:manage"];
    let mut create = acd(folder);
    create.args(["keys", "create", "--product", "portal28"]).args(scopes.iter().flat_map(|scope| ["--scope", scope]));
    let key = String::from_utf8(create.output()?.stdout)?.trim().to_owned();
    let mut server = Server(acd(folder).arg("serve").stdout(Stdio::null()).spawn()?);
    load::wait_until_ready(ADDRESS).await?;
    let on = PutConversionSwitch { enabled: true, pixel_id: Some("1".to_owned()), ..PutConversionSwitch::default() };
    PlatformClient::new(key.as_str(), format!("http://{ADDRESS}"))?.meta_events().put_switch(&on).await?;
    let mut sql = PgConnection::connect_with(&cluster.connect_options(DATABASE)).await?;

    let (mut conversions, mut events) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        empty(&mut sql).await?;
        let rate = batches::send(ADDRESS, &key, ROWS, CONNECTIONS).await?;
        let stored: i64 = sqlx::query_scalar("select count(*) from attribution_events where state = 'pending'")
            .fetch_one(&mut sql)
            .await?;
        if usize::try_from(stored)? != ROWS {
            return Err(format!("{stored} conversions are stored of {ROWS} acknowledged").into());
        }
        empty(&mut sql).await?;
        let event_rate = http::batches(ADDRESS, &key, ROWS, CONNECTIONS).await?;
        // The first round warms caches; it is not counted.
        if round > 0 {
            conversions.push(rate);
            events.push(event_rate);
        }
    }
    table::title();
    table::row(
        "conversions, batches of 100 (rows/s)",
        "events, batches of 100 (rows/s)",
        &conversions,
        &events,
        ">= 0.5",
    );

    server.0.kill()?;
    server.0.wait()?;
    sql.close().await?;
    cluster.stop().await?;
    Ok(())
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Also when a measurement failed: the port must be free for the next run.
        let _ = self.0.kill();
    }
}

/// Meta is away: what is measured is taking conversions in, and looking for the way out at the pace of a server.
fn acd(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acd"));
    command.env("ACD_DATA_DIR", folder).env("ACD_LISTEN", ADDRESS).env("ACD_LOG", "error").env_remove("DATABASE_URL");
    command.env("META_ACCESS_TOKEN", "bench").env("META_BASE_URL", "http://127.0.0.1:9");
    command
}

async fn empty(sql: &mut PgConnection) -> Result<()> {
    sqlx::query("truncate shared_events, attribution_events").execute(&mut *sql).await?;
    sqlx::query("checkpoint").execute(&mut *sql).await?;
    Ok(())
}
