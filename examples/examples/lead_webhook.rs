//! Receives leads: subscribes to them, takes Meta's signed webhook, and fetches what somebody answered.
//!
//! `cargo run -p acd-examples --example lead_webhook`. With `META_ACCESS_TOKEN` it also wants `META_APP_ID`,
//! `META_APP_SECRET` and `META_CALLBACK_URL`, the public address that leads to port 4500 of this machine.

use std::env;
use std::error::Error as StdError;
use std::process::ExitCode;
use std::sync::Arc;

use acd_examples::{Meta, report};
use acd_sdk::core::Runtime;
use acd_sdk::core::replay::MemoryReplayGuard;
use acd_sdk::core::webhook::{Scheme, Verifier, WebhookError};
use acd_sdk::meta::leads::{LeadAnswer, LeadFields};
use acd_sdk::meta::webhooks::{ChangeEvent, WebhookBody, WebhookField, WebhookObject, answer_challenge};
use acd_sdk::meta::{AppId, LeadId};
use acd_sdk::prelude::Secret;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{Sender, channel};

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

/// What the receiver works with.
struct Receiver {
    verify_token: Secret,
    verifier: Verifier,
    seen: MemoryReplayGuard,
    leads: Sender<LeadId>,
}

/// Meta asks whether this address wants webhooks.
async fn verify(State(receiver): State<Arc<Receiver>>, RawQuery(query): RawQuery) -> Result<String, StatusCode> {
    let query = query.unwrap_or_default();
    answer_challenge(&query, &receiver.verify_token).map_err(|_| StatusCode::FORBIDDEN)
}

/// Meta tells of leads. Answer at once, and work afterwards: here the channel takes the ids.
async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    match take(&receiver, &headers, body).await {
        Ok(()) => StatusCode::OK,
        // 200 for what is known already too: Meta repeats what it is not sure of.
        Err(error) => error.status(),
    }
}

async fn take(receiver: &Receiver, headers: &HeaderMap, body: Bytes) -> Result<(), WebhookError> {
    let delivery = receiver.verifier.verify(headers, body)?.json::<WebhookBody>()?.once(&receiver.seen).await?;
    for (_, change) in delivery.event().changes() {
        if let ChangeEvent::Leadgen(lead) = &change.event {
            // Nobody waits for leads any more once the program ends.
            let _nobody_waits = receiver.leads.send(lead.leadgen_id.clone()).await;
        }
    }
    Ok(())
}

pub(crate) async fn run() -> Result<(), Box<dyn StdError>> {
    let meta = Meta::from_env().await?;
    let (app, secret, address) = match &meta.simulator {
        Some(simulator) => (simulator.world().app_id.clone(), simulator.world().app_secret.clone(), "127.0.0.1:0"),
        None => (env::var("META_APP_ID")?, env::var("META_APP_SECRET")?, "127.0.0.1:4500"),
    };
    let listener = TcpListener::bind(address).await?;
    let here = format!("http://{}/meta", listener.local_addr()?);
    let callback_url = env::var("META_CALLBACK_URL").ok().filter(|_| meta.simulator.is_none()).unwrap_or(here);

    let (leads, mut arrived) = channel(100);
    let verify_token = Secret::from("any text that only Meta and this program know");
    let receiver = Receiver {
        verify_token: verify_token.clone(),
        verifier: Verifier::new(Scheme::Meta, [Secret::new(secret)])?,
        seen: MemoryReplayGuard::new(10_000, Runtime::system()),
        leads,
    };
    let router = Router::new().route("/meta", get(verify).post(receive)).with_state(Arc::new(receiver));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    let (app, fields) = (AppId::from(app), [WebhookField::Leadgen]);
    let as_app = meta.client.as_app(&app)?;
    as_app.webhooks().subscribe(&app, &WebhookObject::Page, &callback_url, &verify_token, &fields).await?;
    let page = meta.client.with_token(meta.client.pages().token(&meta.page).await?)?;
    page.webhooks().add_page(&meta.page, &fields).await?;
    println!("Subscribed; Meta tells {callback_url}");

    let answers = [LeadAnswer { name: "email".to_owned(), values: vec!["ada@example.com".to_owned()] }];
    page.leads().create_test(&meta.lead_form, &answers).await?;
    if let Some(id) = arrived.recv().await {
        let lead = page.leads().get(&id, &LeadFields::new().field_data()).await?;
        println!("Lead {id}: {}", lead.answer("email").unwrap_or("no address"));
    }
    serving.abort();
    Ok(())
}
