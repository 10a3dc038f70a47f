//! The suite on tokio and TCP, over each transport.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use acd_behaviour::{Equip, as_it_is, report, run, server};
use acd_core::{ClientBuilder, ReqwestTransport, TransportOptions};

async fn every_case_holds(equip: Equip) {
    let url = server::start().await.unwrap();
    let (report, passed) = report(&run(&url, equip).await);
    println!("{report}");
    assert!(passed, "{report}");
}

#[tokio::test]
async fn every_case_holds_over_hyper() {
    every_case_holds(as_it_is).await;
}

#[tokio::test]
async fn every_case_holds_over_reqwest() {
    let over_reqwest =
        |client: ClientBuilder| client.transport(ReqwestTransport::new(&TransportOptions::default()).unwrap());
    every_case_holds(over_reqwest).await;
}
