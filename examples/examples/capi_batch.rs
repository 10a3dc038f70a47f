//! Sends a batch of events to Meta's Conversions API, one of which Meta would refuse.
//!
//! `cargo run -p acd-examples --example capi_batch`. With `META_TEST_EVENT_CODE` the events show in the Events Manager.

use std::env;
use std::error::Error as StdError;
use std::process::ExitCode;
use std::time::SystemTime;

use acd_examples::{Meta, report};
use acd_sdk::meta::conversions::{CustomData, Event, EventName, UserData};

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

pub(crate) async fn run() -> Result<(), Box<dyn StdError>> {
    let meta = Meta::from_env().await?;
    let buyer = UserData::new().email(" Mary@Example.com ").phone("+1 650 555 1212").client_user_agent("Mozilla/5.0");
    let bought = |order: &str| {
        // The pixel in the browser gives the same id, and Meta counts the purchase once.
        Event::website(EventName::Purchase, SystemTime::now(), "https://shop.example/thanks", buyer.clone()).id(order)
    };
    let events = [
        bought("order-17").custom_data(CustomData::worth(49.90, "EUR")),
        bought("order-18").custom_data(CustomData::new().property("coupon", "SPRING")),
        bought("order-19").custom_data(CustomData::worth(12.0, "EUR")),
    ];

    let mut sending = meta.client.conversions().send(&meta.pixel, &events);
    if let Ok(code) = env::var("META_TEST_EVENT_CODE") {
        sending = sending.test_event_code(code);
    }
    let report = sending.await?;

    println!("{} events received", report.events_received());
    for event in &report.invalid {
        println!("left out: {event}");
    }
    for place in report.unconfirmed() {
        println!("send again later: event {place}");
    }
    Ok(())
}
