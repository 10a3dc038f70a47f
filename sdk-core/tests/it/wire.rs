//! Runs a test over each of the transports: what differs between them may be seen by nobody.

use std::env;
use std::process::Command;

use acd_core::testing::Harness;
use acd_core::{Client, ClientBuilder, HyperTransport, ReqwestTransport, RetryConfig, TransportOptions};
use tokio::task::spawn_blocking;

/// A transport.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire {
    Hyper,
    Reqwest,
}

impl Wire {
    /// A client of the server at `url` over this transport.
    pub(crate) fn client(self, url: impl Into<String>) -> ClientBuilder {
        self.client_with(url, &TransportOptions::default())
    }

    /// The same with other options.
    pub(crate) fn client_with(self, url: impl Into<String>, options: &TransportOptions) -> ClientBuilder {
        let client = Client::builder(url);
        match self {
            Self::Hyper => client.transport(HyperTransport::new(options).unwrap()),
            Self::Reqwest => client.transport(ReqwestTransport::new(options).unwrap()),
        }
    }

    /// Makes two calls in a process of its own, whose environment names these proxies and certificates, and gives what
    /// came of them.
    pub(crate) async fn elsewhere(self, url: &str, variables: &[(&str, &str)]) -> String {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["wire::calls_as_the_environment_says", "--exact", "--ignored", "--nocapture"]);
        for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command.env(URL, url).env(WIRE, format!("{self:?}")).envs(variables.iter().copied());
        let output = spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
        told
    }
}

const URL: &str = "ACD_TEST_URL";
const WIRE: &str = "ACD_TEST_WIRE";

#[tokio::test]
#[ignore = "run by other tests, in an environment of their making"]
async fn calls_as_the_environment_says() {
    let is_asked_for = |wire: &Wire| env::var(WIRE).is_ok_and(|name| name == format!("{wire:?}"));
    let wire = [Wire::Hyper, Wire::Reqwest].into_iter().find(is_asked_for).unwrap();
    let client = wire.client(env::var(URL).unwrap()).retry(RetryConfig::disabled()).build().unwrap();
    for _ in 0..2 {
        match client.call(&Harness::GET).send().await {
            Ok(response) => println!("answer: {:?}", response.body()),
            Err(error) => println!("error: {:?}, sent: {}: {error:?}", error.kind(), error.may_have_been_sent()),
        }
    }
}

/// Makes a test of each function for each transport.
macro_rules! over_each_transport {
    ($($name:ident),+ $(,)?) => {
        mod over_hyper {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::wire::Wire::Hyper).await;
            })+
        }

        mod over_reqwest {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::wire::Wire::Reqwest).await;
            })+
        }
    };
}

pub(crate) use over_each_transport;
