//! Answers every call with a fixed session description: the server side of load measurements.
//! `cargo run --release -p warmline-sip --example answer -- 127.0.0.1:5060 [calls [md5] [user:password …]]`
//!
//! With users it is a registrar as well: telephones may register, and who calls is said. `md5` is for those that know nothing else.

use std::net::SocketAddr;

use warmline_sip::auth::{Algorithm, Secret};
use warmline_sip::guard::Rate;
use warmline_sip::user_agent::{Config, Event, Limits, Listener, Registrar, RegistrarUser, Transport, bind};

const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address: SocketAddr = arguments.next().as_deref().unwrap_or("127.0.0.1:5060").parse()?;
    let calls = arguments.next().as_deref().unwrap_or("20000").parse()?;
    let arguments: Vec<String> = arguments.collect();
    let old = arguments.iter().any(|word| word == "md5");
    let users: Vec<RegistrarUser> = arguments
        .iter()
        .filter_map(|account| {
            let (user, password) = account.split_once(':')?;
            Some(RegistrarUser { user: user.to_owned(), secret: Secret::password(password) })
        })
        .collect();
    let mut registrar = (!users.is_empty()).then(|| Registrar::new("warmline", users));
    if let Some(registrar) = registrar.as_mut().filter(|_| old) {
        registrar.algorithms = vec![Algorithm::Md5];
    }
    let limits = Limits { calls, new_requests: Rate { per_second: 20_000, burst: 20_000 }, ..Limits::default() };
    let listen = [Transport::Udp, Transport::Tcp].map(|transport| Listener::new(transport, address)).to_vec();
    let config = Config { listen, limits, registrar, ..Config::default() };
    let (agent, mut events) = bind(config).await?;
    println!("ready {address}");
    let mut report = tokio::time::interval(std::time::Duration::from_secs(10));
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(Event::Incoming(call)) => {
                    if let Some(user) = &call.authenticated {
                        println!("a call from the telephone of {user}");
                    }
                    agent.answer(call.leg, SDP.as_bytes().to_vec()).await;
                }
                Some(Event::Bindings { user, .. }) => println!("{user} is at {:?}", agent.registered(&user).await),
                Some(_) => {}
                None => return Ok(()),
            },
            _ = report.tick() => {
                let stats = agent.stats().await;
                let refused: Vec<_> = stats.refusals.iter().filter(|(_, count)| *count > 0).collect();
                println!("calls {} transactions {} unsent {} refused {refused:?}", stats.calls, stats.transactions, stats.unsent);
            }
        }
    }
}
