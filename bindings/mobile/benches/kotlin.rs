//! What an event and a call cost an app in Kotlin, beside Rust and beside the HTTP clients one would use in its place.
//!
//! `cargo xtask bench mobile` starts it, with the JVM's program and class path in the environment. All sides are measured in one
//! run: `track` in Rust before and after the JVM, the calls in turns within it.

use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Instant;

use acd_analytics::app::{AppClient, Device};
use acd_analytics::{AnalyticsClient, Track};
use serde_json::{Value, json};

const ROUNDS: usize = 60;
const CALLS: usize = 5_000;

/// The answer to `GET /v1/me`, as the server gives it.
const ME: &str = r#"{"kind":"user","product":null,"scopes":[],"user_id":"usr_01a20813797f772abb15decc192a1df8","user":{"id":"usr_01a20813797f772abb15decc192a1df8","email":"ann@example.com","name":"Ann","avatar_url":null,"locale":"en","timezone":"UTC","signup_product":"portal28","created_at":"2026-11-23T11:03:43.744087Z","updated_at":"2026-11-23T11:03:43.744087Z"}}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let (java, class_path, library) = (var("ACD_BENCH_JAVA")?, var("ACD_BENCH_CLASS_PATH")?, var("ACD_BENCH_LIBRARY")?);
    let before = measure_track()?;
    let address = serve()?;
    let folder = tempfile::tempdir()?;
    let output = Command::new(java)
        .arg(format!("-Djna.library.path={library}"))
        .args(["-cp", &class_path, "io.github.acdplatform.mobile.BenchKt"])
        .arg(folder.path())
        .arg(format!("http://{address}"))
        .output()?;
    if !output.status.success() {
        return Err(format!("the JVM failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let after = measure_track()?;
    let figures: Value = serde_json::from_slice(&output.stdout)?;
    let figure = |name: &str| figures.get(name).and_then(Value::as_f64).ok_or_else(|| format!("no figure {name}"));
    let rust = f64::midpoint(before, after);
    println!("track, ns a call on the thread that calls");
    println!("{:<44}{rust:>9.0}{:>10.2}", "Rust", 1.0);
    for (label, name) in [("Kotlin (wanted: at most 10.00)", "track"), ("Kotlin, the generated one", "track_generated")]
    {
        let time = figure(name)?;
        println!("{label:<44}{time:>9.0}{:>10.2}", time / rust);
    }
    println!(
        "\nGET /v1/me from a coroutine: us a call, the library to it (wanted: at most 1.50), us of the JVM's processor time"
    );
    for (label, name) in [("the library", "call"), ("java.net.http", "call_jdk"), ("OkHttp", "call_okhttp")] {
        let [time, ratio, processor] = ["", "_ratio", "_processor"].map(|kind| figure(&format!("{name}{kind}")));
        println!("{label:<44}{:>9.1}{:>10.2}{:>9.1}", time?, ratio?, processor?);
    }
    Ok(())
}

fn var(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("{name} is not set: run this with `cargo xtask bench mobile`"))
}

/// The median time of one `track()`, as `sdk-analytics/benches/track.rs` measures it, in the client that apps use.
fn measure_track() -> Result<f64, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let _entered = runtime.enter();
    let folder = tempfile::tempdir()?;
    // The discard port of this machine: nobody listens.
    let builder = AnalyticsClient::builder("wk_bench", "http://127.0.0.1:9");
    let client = AppClient::open(builder, folder.path(), Device::default(), None)?;
    let order = json!({
        "order_id": "ord_01JD7Z3V8Q", "currency": "EUR", "revenue_cents": 12_950, "coupon": null,
        "products": [
            { "sku": "SKU-1001", "name": "Waterproof jacket", "quantity": 1, "price_cents": 8_900 },
            { "sku": "SKU-2002", "name": "Merino socks", "quantity": 2, "price_cents": 1_450 },
            { "sku": "SKU-3003", "name": "Water bottle", "quantity": 1, "price_cents": 1_150 },
        ],
    });
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(client.track(Track::new("Order Completed").properties(&order)))?;
        }
        times.push(start.elapsed().as_nanos() as f64 / CALLS as f64);
        // Empties the queue at once.
        client.set_consent(false)?;
        client.set_consent(true)?;
    }
    times.sort_by(f64::total_cmp);
    Ok(times.get(ROUNDS / 2).copied().unwrap_or_default())
}

/// Answers every request with [`ME`] at once, so that the clients are what is measured.
fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let response =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{ME}", ME.len());
    loop {
        match lines.next().transpose()? {
            None => return Ok(()),
            Some(line) if line.is_empty() => stream.write_all(response.as_bytes())?,
            Some(_) => {}
        }
    }
}
