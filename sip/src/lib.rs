//! What travels on the wire: SIP message hygiene, SDP, RTP, RTCP, DTMF, the jitter buffer and codecs, tones in the sound, quality, signed
//! identity (all pure, time as a parameter), and `user_agent`, the one async module: sockets and clock around a pure core of
//! transactions, dialogs and calls.

pub mod auth;
pub mod codec;
pub mod conceal;
pub mod dtls;
pub mod dtmf;
pub mod guard;
pub mod ice;
pub mod identity;
pub mod jitter;
pub mod media;
pub mod message;
pub mod quality;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod srtp;
mod stretch;
pub mod tone;
pub mod transport;
pub mod uri;
pub mod user_agent;
