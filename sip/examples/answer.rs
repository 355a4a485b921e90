//! Answers every call with a fixed session description: the server side of load measurements.
//! `cargo run --release -p warmline-sip --example answer -- 127.0.0.1:5060 [calls]`

use std::net::SocketAddr;

use warmline_sip::guard::Rate;
use warmline_sip::user_agent::{Config, Event, Limits, Listener, Transport, bind};

const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address: SocketAddr = arguments.next().as_deref().unwrap_or("127.0.0.1:5060").parse()?;
    let calls = arguments.next().as_deref().unwrap_or("20000").parse()?;
    let limits = Limits { calls, new_requests: Rate { per_second: 20_000, burst: 20_000 }, ..Limits::default() };
    let listen = [Transport::Udp, Transport::Tcp].map(|transport| Listener::new(transport, address)).to_vec();
    let config = Config { listen, limits, ..Config::default() };
    let (agent, mut events) = bind(config).await?;
    println!("ready {address}");
    let mut report = tokio::time::interval(std::time::Duration::from_secs(10));
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(Event::Incoming(call)) => agent.answer(call.leg, SDP.as_bytes().to_vec()).await,
                Some(_) => {}
                None => return Ok(()),
            },
            _ = report.tick() => {
                let stats = agent.stats().await;
                println!("calls {} transactions {} unsent {}", stats.calls, stats.transactions, stats.unsent);
            }
        }
    }
}
