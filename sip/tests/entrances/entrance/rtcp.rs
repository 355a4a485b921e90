//! RTCP: compound packets by themselves, and at a leg's two ports.

use std::net::SocketAddr;
use std::time::Duration;

use warmline_sip::codec::Codec;
use warmline_sip::media::Received;
use warmline_sip::rtcp::{Compound, Item, write_compound};

use super::rtp::{agreed, peer, session};

pub(crate) fn rtcp(bytes: &[u8]) {
    let parsed = Compound::parse(bytes);
    if let Ok(compound) = parsed {
        assert!(compound.items().count() > 0 && compound.items().count() <= bytes.len() / 4);
        compound.items().for_each(|item| repeated(&item));
    }
    let mut leg = session(agreed(Codec::Pcmu, 20), 1);
    let from = SocketAddr::new(peer().ip(), 5_001);
    let now = Duration::from_secs(100);
    for received in [leg.on_rtcp(now, from, &mut bytes.to_vec()), leg.on_datagram(now, peer(), &mut bytes.to_vec())] {
        assert!(parsed.is_ok() || !matches!(received, Received::Control { .. }), "{received:?}");
    }
    assert!(leg.stats().round_trip.is_none_or(|time| time < Duration::from_secs(10)));
    let mut report = Vec::new();
    leg.write_rtcp(now + Duration::from_secs(5), &mut report);
    assert!(Compound::parse(&report).is_ok() && report.len() < 256);
}

/// What is read can be written, and is read again as the same.
fn repeated(item: &Item<'_>) {
    let Item::Report { ssrc, info, blocks } = item else { return };
    assert!(blocks.iter().count() <= 31);
    let mut bytes = Vec::new();
    let block = blocks.iter().next();
    write_compound(&mut bytes, *ssrc, info.as_ref(), block.as_ref(), "fuzz");
    let Some(Item::Report { ssrc: again, info: told, blocks }) = Compound::parse(&bytes).ok().and_then(|compound| compound.items().next())
    else {
        panic!("what we write cannot be read");
    };
    assert_eq!((again, told, blocks.iter().next()), (*ssrc, *info, block));
}
