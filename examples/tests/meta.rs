//! The examples of Meta run to their end against the simulator.

/// Takes an example in, and runs it.
macro_rules! example {
    ($name:ident, $file:literal) => {
        #[allow(dead_code, reason = "its main is that of a program")]
        #[path = $file]
        mod $name;

        #[tokio::test]
        async fn $name() {
            $name::run().await.unwrap();
        }
    };
}

example!(capi_batch, "../examples/capi_batch.rs");
example!(instagram_carousel, "../examples/instagram_carousel.rs");
example!(insights_report, "../examples/insights_report.rs");
example!(campaign_tree, "../examples/campaign_tree.rs");
example!(lead_webhook, "../examples/lead_webhook.rs");
