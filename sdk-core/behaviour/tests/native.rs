//! The suite on tokio and TCP.

#[tokio::test]
async fn every_case_holds_natively() {
    let url = acd_behaviour::server::start().await.unwrap();
    let (report, passed) = acd_behaviour::report(&acd_behaviour::run(&url).await);
    println!("{report}");
    assert!(passed, "{report}");
}
