//! Proxies that the environment asks for.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncWriteExt as _, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{Received, Reply, Server, ok, read_request};
use crate::tls::Identity;
use crate::wire::{Wire, over_each_transport};

over_each_transport![
    a_request_by_plain_http_is_handed_to_the_proxy,
    a_host_that_is_named_as_an_exception_is_talked_to_directly,
    https_goes_through_a_tunnel,
    a_tunnel_that_is_refused_was_not_sent,
];

const USER: &str = "Basic dXNlcjpwYXNz";

async fn a_request_by_plain_http_is_handed_to_the_proxy(wire: Wire) {
    let proxy = Server::start([ok("first"), ok("second")]).await;
    let variable = format!("http://user:pass@127.0.0.1:{}", proxy.port());
    let told = wire.elsewhere("http://api.example.test/base", &[("http_proxy", &variable)]).await;
    assert!(told.contains("first") && told.contains("second"), "{told}");
    let request = &proxy.requests()[0];
    assert_eq!(request.line, "GET http://api.example.test/base/v1/things HTTP/1.1");
    assert_eq!(request.header("host"), Some("api.example.test"));
    assert_eq!(request.header("proxy-authorization"), Some(USER));
}

async fn a_host_that_is_named_as_an_exception_is_talked_to_directly(wire: Wire) {
    let proxy = Server::start([]).await;
    let server = Server::start([ok("first"), ok("second")]).await;
    let variable = format!("http://user:pass@127.0.0.1:{}", proxy.port());
    let told = wire.elsewhere(&server.url(), &[("ALL_PROXY", &variable), ("NO_PROXY", "localhost,127.0.0.0/8")]).await;
    assert!(told.contains("first") && told.contains("second"), "{told}");
    let request = &server.requests()[0];
    assert_eq!((request.line.as_str(), request.header("proxy-authorization")), ("GET /v1/things HTTP/1.1", None));
    assert!(proxy.requests().is_empty());
}

async fn https_goes_through_a_tunnel(wire: Wire) {
    let identity = Identity::of(&["api.example.test"]);
    let server = Server::start_as(Some(identity.clone()), [ok("first"), ok("second")]).await;
    let proxy = Tunneller::start(server.port()).await;
    let variable = format!("http://user:pass@127.0.0.1:{}", proxy.port);
    let variables = [("HTTPS_PROXY", variable.as_str()), ("SSL_CERT_FILE", &identity.trusted())];
    let told = wire.elsewhere("https://api.example.test", &variables).await;
    assert!(told.contains("first") && told.contains("second"), "{told}");
    let tunnels = proxy.tunnels.lock().unwrap().clone();
    assert_eq!(tunnels.len(), 1, "the tunnel is kept");
    assert_eq!(tunnels[0].line, "CONNECT api.example.test:443 HTTP/1.1");
    assert_eq!(tunnels[0].header("proxy-authorization"), Some(USER));
    assert!(tunnels[0].header("user-agent").unwrap().starts_with("acd-core/"));
    let request = &server.requests()[0];
    assert_eq!((request.line.as_str(), request.header("proxy-authorization")), ("GET /v1/things HTTP/1.1", None));
}

async fn a_tunnel_that_is_refused_was_not_sent(wire: Wire) {
    let refusal = || Reply::Answer { status: 407, headers: "", body: String::new() };
    let proxy = Server::start([refusal(), refusal()]).await;
    let variable = format!("http://127.0.0.1:{}", proxy.port());
    let told = wire.elsewhere("https://api.example.test", &[("HTTPS_PROXY", &variable)]).await;
    assert!(told.contains("error: Connect, sent: false") && told.contains("proxy authorization required"), "{told}");
}

/// A proxy that digs tunnels, all to the same port.
struct Tunneller {
    port: u16,
    tunnels: Arc<Mutex<Vec<Received>>>,
}

impl Tunneller {
    async fn start(to: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let tunneller = Self { port: listener.local_addr().unwrap().port(), tunnels: Arc::default() };
        let tunnels = Arc::clone(&tunneller.tunnels);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let tunnels = Arc::clone(&tunnels);
                tokio::spawn(async move {
                    let mut client = BufReader::new(stream);
                    let request = read_request(0, &mut client).await?;
                    tunnels.lock().unwrap().push(request);
                    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
                    let mut server = TcpStream::connect(("127.0.0.1", to)).await.ok()?;
                    copy_bidirectional(&mut client, &mut server).await.ok()
                });
            }
        });
        tunneller
    }
}
