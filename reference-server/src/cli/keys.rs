//! `acd keys`.

use acd_platform::keys::{ApiKey, CreateApiKey, NewApiKey, RotateApiKey, Scope};
use acd_platform::{ApiKeyId, ProductSlug};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use comfy_table::{ContentArrangement, Table, presets};

use super::output::say;
use super::{CliResult, Context};
use crate::gateway::{Authenticator, Keys};
use crate::kernel::clock::Clock;
use crate::kernel::migrate::Migrator;
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

/// What to do with keys.
#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// Create a key and print it, this once
    Create {
        /// The product it acts for; leave out for an administrator's key
        #[arg(long)]
        product: Option<ProductSlug>,
        /// What it may do; repeat for several
        #[arg(long = "scope", required = true, value_parser = scope)]
        scopes: Vec<Scope>,
        /// What to call it
        #[arg(long, default_value = "command line")]
        name: String,
        /// When it stops working, RFC 3339
        #[arg(long)]
        expires_at: Option<DateTime<Utc>>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List keys
    List {
        /// Only this product's
        #[arg(long)]
        product: Option<ProductSlug>,
        /// Print JSON, one key a line
        #[arg(long)]
        json: bool,
    },
    /// Replace a key by a successor with the same rights
    Rotate {
        /// The key's id
        id: ApiKeyId,
        /// Seconds for which the old key works on
        #[arg(long, default_value_t = 86_400)]
        overlap_seconds: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a key now
    Revoke {
        /// The key's id
        id: ApiKeyId,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::from_name(text).ok_or_else(|| {
        let names: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("must be one of {}", names.join(", "))
    })
}

/// Runs a key command.
pub(super) async fn run(command: KeysCommand, context: &Context) -> CliResult {
    let session = context.connect().await?;
    Migrator::new(context.config.migrations_dir.as_deref())?.up(session.db.pool(), None).await?;
    let clock = Clock::system();
    let auth = Authenticator::new(session.db.clone(), clock.clone(), context.key_hasher()?, None);
    let keys = Keys::new(session.db.clone(), clock, auth);
    let done = act(command, &keys).await;
    session.close().await?;
    done
}

async fn act(command: KeysCommand, keys: &Keys) -> CliResult {
    // Whoever may run this already holds the database.
    let principal = Principal::service(RequestId::new());
    match command {
        KeysCommand::Create { product, scopes, name, expires_at, json } => {
            let wanted = CreateApiKey { name, product, scopes, expires_at };
            show_new(&keys.create(&principal, wanted, None).await?, json)
        }
        KeysCommand::List { product, json } => {
            let mut cursor = None;
            let mut all = Vec::new();
            loop {
                let page = keys.list(&principal, product.clone(), Some(100), cursor.as_deref()).await?;
                all.extend(page.data);
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            show_all(&all, json)
        }
        KeysCommand::Rotate { id, overlap_seconds, json } => {
            let how = RotateApiKey { overlap_seconds: Some(overlap_seconds) };
            show_new(&keys.rotate(&principal, id, &how, None).await?, json)
        }
        KeysCommand::Revoke { id } => {
            keys.revoke(&principal, id).await?;
            say!("revoked {id}");
            Ok(())
        }
    }
}

fn show_new(new: &NewApiKey, json: bool) -> CliResult {
    if json {
        say!("{}", serde_json::to_string(new)?);
        return Ok(());
    }
    say!("{}", new.secret.as_deref().unwrap_or_default());
    eprintln!("{} — keep the key: only its hash is stored and it is not shown again", new.key.id);
    Ok(())
}

fn show_all(keys: &[ApiKey], json: bool) -> CliResult {
    if json {
        for key in keys {
            say!("{}", serde_json::to_string(key)?);
        }
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["id", "product", "name", "prefix", "scopes", "ends"]);
    for key in keys {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let ends = match (key.revoked_at, key.expires_at) {
            (Some(at), _) => format!("revoked {}", at.format("%F %T")),
            (None, Some(at)) => at.format("%F %T").to_string(),
            (None, None) => "never".to_owned(),
        };
        let product = key.product.as_ref().map_or("(administrator)", ProductSlug::as_str);
        table.add_row([&key.id.to_string(), product, &key.name, &key.prefix, &scopes.join(" "), &ends]);
    }
    say!("{table}");
    Ok(())
}
