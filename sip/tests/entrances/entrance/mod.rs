//! One function for each place where a stranger's bytes come in. Each drives the real code as far as it goes, and panics where something
//! does not hold. The tests replay inputs through them, and `sip/fuzz` lets coverage guide them.

mod agent;
mod digest;
mod dtls;
mod guard;
mod headers;
mod identity;
mod keys;
mod pieces;
mod rtcp;
mod rtp;
mod script;
mod sdp;
mod srtp;
mod stream;
mod stun;
mod websocket;

/// Takes any bytes, and panics if they do harm.
pub(crate) type Entrance = fn(&[u8]);

/// All of them, by name.
pub(crate) const ENTRANCES: [(&str, Entrance); 17] = [
    ("agent", agent::agent),
    ("answer", sdp::answer),
    ("digest", digest::digest),
    ("dtls", dtls::dtls),
    ("events", keys::events),
    ("guard", guard::guard),
    ("headers", headers::headers),
    ("identity", identity::identity),
    ("info", keys::info),
    ("offer", sdp::offer),
    ("registrar", agent::registrar),
    ("rtcp", rtcp::rtcp),
    ("rtp", rtp::rtp),
    ("srtp", srtp::srtp),
    ("stream", stream::stream),
    ("stun", stun::stun),
    ("websocket", websocket::websocket),
];

/// No message or packet is longer than a datagram can be; longer inputs only cost time.
pub(crate) const LONGEST: usize = 65_535;
