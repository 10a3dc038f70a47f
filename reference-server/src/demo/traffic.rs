//! What two products send, through the SDK: the same people, each product with ids of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use acd_analytics::{AnalyticsClient, Identify, Page, Track};
use acd_core::Secret;
use serde_json::json;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The events that [`visit`] sends.
pub(super) const EVENTS_A_VISIT: u64 = 4;

/// One run of the demo: ids of another run never meet its own.
#[derive(Clone)]
pub(super) struct Run(pub(super) String);

impl Run {
    /// The product's id of a person.
    pub(super) fn user(&self, product: &str, person: usize) -> String {
        format!("{product}-{}-{person}", self.0)
    }

    fn visitor(&self, product: &str, person: usize) -> String {
        format!("visitor-{product}-{}-{person}", self.0)
    }

    /// The address that a person gives to both products.
    pub(super) fn email(&self, person: usize) -> String {
        format!("demo-{}-{person}@example.com", self.0)
    }
}

/// A person visits a product, signs up and buys.
pub(super) fn visit(client: &AnalyticsClient, run: &Run, product: &str, person: usize) -> Result<(), Error> {
    let (visitor, user, email) = (run.visitor(product, person), run.user(product, person), run.email(person));
    let campaign = acd_analytics::Context::default()
        .with("campaign", json!({ "source": "meta", "medium": "cpc", "name": format!("launch-{}", person % 5) }));
    client.page(Page::new().anonymous_id(&visitor).name("Landing").context(&campaign))?;
    client.track(Track::new("Signup Started").anonymous_id(&visitor).properties(json!({ "plan": "pro" })))?;
    client.identify(Identify::new().user_id(&user).anonymous_id(&visitor).traits(json!({ "email": email })))?;
    client.track(
        Track::new("Order Completed").user_id(&user).properties(json!({ "revenue": 19.9, "currency": "EUR" })),
    )?;
    Ok(())
}

/// A client of a product with its queue on disk.
pub(super) fn client(url: &str, key: &Secret, folder: PathBuf) -> Result<AnalyticsClient, Error> {
    let queue = acd_analytics::DurableQueue::new(folder);
    Ok(AnalyticsClient::builder(key.clone(), url).durable(queue).batch_events(100).build()?)
}

/// Segment's own client for Node.js, when it is installed beside the sources; else why not.
pub(super) async fn segment_client(url: &str, key: &Secret) -> Result<Result<u64, String>, Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/segment");
    if !folder.join("node_modules/@segment/analytics-node").exists() {
        return Ok(Err("not installed; `cargo xtask demo` does that where Node.js is".to_owned()));
    }
    let script = "import { everyKind, send } from './send.mjs'\n\
        const calls = everyKind()\n\
        const { errors, undelivered } = await send({ url: process.env.URL, writeKey: process.env.KEY }, calls)\n\
        if (errors.length || undelivered) throw new Error(JSON.stringify({ errors, undelivered }))\n\
        console.log(calls.length)";
    let output = tokio::process::Command::new("node")
        .args(["--input-type=module", "--eval", script])
        .current_dir(folder)
        .env("URL", url)
        .env("KEY", key.expose())
        .stdin(Stdio::null())
        .output()
        .await;
    match output {
        Ok(output) if output.status.success() => Ok(Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)),
        Ok(output) => Err(format!("Segment's client failed: {}", String::from_utf8_lossy(&output.stderr)).into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Err("Node.js is not installed".to_owned())),
        Err(error) => Err(error.into()),
    }
}
