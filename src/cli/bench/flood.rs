//! A minute of what strangers send, a thousand messages a second from one address, while somebody else calls again and again.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{net::UdpSocket, time::MissedTickBehavior};

use super::{Args, Bench, figures::Figures, process};
use crate::{
    clock,
    config::{LimitsConfig, TrunkConfig, TrunkNames},
};

/// Messages a second.
const RATE: u32 = 1_000;
/// Whoever floods; its signalling is let in, as that of telephones that register would be, but it has no trunk, no route and no account.
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Somebody else's calls: one begins so often.
const CALL_EVERY: Duration = Duration::from_millis(200);
/// Calls of theirs before the flood.
const BEFORE: usize = 25;
/// Memory stands still when it has moved by less than a two-hundredth in this time; a gateway that has just started goes on loading.
const STILL: Duration = Duration::from_secs(3);
/// How much more memory there may be afterwards.
const GROWN: f64 = 1.1;

/// Measures `seconds` of it, and as long again until memory is back.
pub(super) async fn measure(args: &Args, seconds: u32, figures: &mut Figures) -> Result<()> {
    let bench = Bench::start_with(args, clock::now(), Vec::new(), |config, _| {
        let peer = "127.0.0.1:9".parse().context("an address")?;
        config.trunks.insert("isp".to_owned(), TrunkConfig { health_s: 0, ..TrunkConfig::to(vec![peer]) });
        config.routes.iter_mut().for_each(|route| route.trunk = TrunkNames(vec!["isp".to_owned()]));
        config.sip.allowed = vec![IpAddr::from(STRANGER).into()];
        config.limits.requests_per_second = LimitsConfig::default().requests_per_second;
        Ok(())
    })
    .await?;
    let measured = flood(&bench, seconds, figures).await;
    bench.end(measured)
}

async fn flood(bench: &Bench, seconds: u32, figures: &mut Figures) -> Result<()> {
    let mut answers = Vec::new();
    let mut every = tokio::time::interval(CALL_EVERY);
    for _ in 0..BEFORE {
        every.tick().await;
        good_call(bench, &mut answers).await?;
    }
    answers.clear();
    let process = bench.rig.process()?;
    let (before, used) = (still(process).await?, process::cpu(process)?);
    let start = clock::now();
    let mut flooding = tokio::spawn(strangers(bench.rig.sip(), RATE * seconds));
    every.reset_immediately();
    let (mut failed, mut placed) = (0, 0);
    let flooded = loop {
        tokio::select! {
            flooded = &mut flooding => break flooded.context("the flood has failed")??,
            _ = every.tick() => {}
        }
        placed += 1;
        failed += usize::from(good_call(bench, &mut answers).await.is_err());
    };
    let (lasted, used) = (start.elapsed(), process::cpu(process)?.saturating_sub(used));
    let messages = (RATE * seconds) as usize;
    figures.add("flood_rate", messages as f64 / lasted.as_secs_f64(), "messages/s", messages, None);
    figures.add("flood_cpu", used.as_secs_f64() * 100.0 / lasted.as_secs_f64(), "% of core", messages, None);
    figures.add("flood_calls_failed", failed as f64, "calls", placed, Some(0.0));
    figures.add_times("flood_invite_to_answer", &answers, &[(50, None), (95, Some(200.0)), (99, None)]);
    figures.notes.push(format!("the flood was answered: {flooded}"));
    let most = before as f64 * GROWN;
    let end = clock::now() + Duration::from_secs(seconds.into());
    while process::memory(process)? as f64 > most && clock::now() < end {
        every.tick().await;
    }
    figures.add("flood_memory_before", before as f64 / 1e6, "MB", 1, None);
    figures.add("flood_memory_after", process::memory(process)? as f64 / 1e6, "MB", 1, Some(most / 1e6));
    Ok(())
}

/// Its memory, once that stands still; half a minute is enough for that.
async fn still(process: u32) -> Result<u64> {
    let mut last = process::memory(process)?;
    for _ in 0..10 {
        tokio::time::sleep(STILL).await;
        let now = process::memory(process)?;
        if now.abs_diff(last) < last / 200 {
            break;
        }
        last = now;
    }
    process::memory(process)
}

/// A call that is answered, and ends.
async fn good_call(bench: &Bench, answers: &mut Vec<Duration>) -> Result<()> {
    let (_phone, line) = bench.call().await?;
    answers.push(line.answered - line.invited);
    line.hang_up().await
}

/// Sends so many messages; says what came back, by status.
async fn strangers(gateway: SocketAddr, messages: u32) -> Result<String> {
    let socket = UdpSocket::bind((STRANGER, 0)).await?;
    socket.connect(gateway).await?;
    let own = socket.local_addr()?;
    let mut every = tokio::time::interval(Duration::from_secs(1) / RATE);
    every.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut heard, mut buffer) = (BTreeMap::<String, u32>::new(), [0; 2_048]);
    for number in 0..messages {
        every.tick().await;
        socket.send(&message(number, own, gateway)).await?;
        while let Ok(length) = socket.try_recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]);
            *heard.entry(text.split(' ').nth(1).unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    let mut said = String::new();
    for (status, times) in heard {
        let _ = write!(said, "{times} times {status}, ");
    }
    let silence = if said.is_empty() { "never, " } else { "" };
    Ok(format!("{said}{silence}of {messages}"))
}

/// Five kinds in turn: calls that nobody goes on with, questions, registrations, ends of calls that there are not, and garbage.
fn message(number: u32, own: SocketAddr, gateway: SocketAddr) -> Vec<u8> {
    let method = match number % 5 {
        0 => "INVITE",
        1 => "OPTIONS",
        2 => "REGISTER",
        3 => "BYE",
        _ => return number.to_le_bytes().repeat(80),
    };
    let tag = if method == "BYE" { ";tag=none" } else { "" };
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";
    let body = if method == "INVITE" { sdp } else { "" };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:support@{gateway} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{number}\r\nMax-Forwards: 70\r\n\
         From: <sip:stranger@{own}>;tag=s{number}\r\nTo: <sip:support@{gateway}>{tag}\r\nCall-ID: s{number}@{own}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:stranger@{own}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
