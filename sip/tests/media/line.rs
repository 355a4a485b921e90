//! Two media sessions with the network between them, in virtual time.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use warmline_sip::codec::{Codec, FRAME_SAMPLES, Frame};
use warmline_sip::jitter::JitterConfig;
use warmline_sip::media::{MediaConfig, MediaSession, Outgoing, Pulled, Received};
use warmline_sip::sdp::{Direction, Negotiated, PayloadKind, PayloadMap, Protection};

use crate::network::{Network, Weather};

pub(crate) const NEAR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4_000);
pub(crate) const FAR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 5_000);

pub(crate) fn agreed(remote: SocketAddr, packet_ms: u8) -> Negotiated {
    let mut receive = PayloadMap::default();
    receive.insert(101, PayloadKind::TelephoneEvent);
    Negotiated {
        remote_rtp: remote,
        remote_rtcp: SocketAddr::new(remote.ip(), remote.port() + 1),
        codec: Codec::Pcmu,
        payload_type: 0,
        receive,
        dtmf_payload_type: Some(101),
        dtmf_clock: 8_000,
        packet_ms,
        direction: Direction::SendRecv,
        protection: Protection::None,
        ice: None,
        rtcp_mux: false,
    }
}

pub(crate) fn session(remote: SocketAddr, ssrc: u32, packet_ms: u8) -> MediaSession {
    session_with(agreed(remote, packet_ms), ssrc)
}

pub(crate) fn session_with(negotiated: Negotiated, ssrc: u32) -> MediaSession {
    session_within(JitterConfig::default(), negotiated, ssrc)
}

/// With these limits of its jitter buffer.
pub(crate) fn session_within(jitter: JitterConfig, negotiated: Negotiated, ssrc: u32) -> MediaSession {
    let config = MediaConfig {
        ssrc,
        // Both wrap during any test.
        first_sequence: 65_500,
        first_timestamp: u32::MAX - 8_000,
        cname: "test".to_owned(),
        jitter,
        dtls: None,
    };
    MediaSession::new(Duration::ZERO, config, negotiated)
}

/// A one-way line: what `speaker` pushes comes out of `listener` after the network.
pub(crate) struct Line {
    pub(crate) speaker: MediaSession,
    pub(crate) listener: MediaSession,
    pub(crate) network: Network,
    /// How much faster the speaker's clock runs, in parts per million.
    pub(crate) drift_ppm: f64,
    pub(crate) heard: Vec<i16>,
    pub(crate) kinds: Vec<Pulled>,
    pub(crate) received: Vec<Received>,
    ticks: u64,
    spoken: u64,
    out: Outgoing,
}

impl Line {
    pub(crate) fn new(weather: Weather, seed: u64) -> Self {
        Self::between(agreed(FAR, 20), agreed(NEAR, 20), weather, seed)
    }

    /// Between two sides that have agreed on something.
    pub(crate) fn between(to_far: Negotiated, to_near: Negotiated, weather: Weather, seed: u64) -> Self {
        Self {
            speaker: session_with(to_far, 1),
            listener: session_with(to_near, 2),
            network: Network::new(weather, seed),
            drift_ppm: 0.0,
            heard: Vec::new(),
            kinds: Vec::new(),
            received: Vec::new(),
            ticks: 0,
            spoken: 0,
            out: Outgoing::default(),
        }
    }

    /// Runs for a number of listener ticks; `sound` gives the speaker's samples by their index.
    pub(crate) fn run(&mut self, ticks: u64, mut sound: impl FnMut(u64) -> i16) {
        for _ in 0..ticks {
            // The listener's ticks fall 7 ms after the speaker's.
            let now = Duration::from_millis(self.ticks * 20 + 7);
            while self.speaker_time() <= now {
                let at = self.speaker_time();
                let frame: Frame = std::array::from_fn(|index| sound(self.spoken * FRAME_SAMPLES as u64 + index as u64));
                self.speaker.push_frame(&frame, &mut self.out);
                for datagram in self.out.iter() {
                    self.network.send(at, datagram);
                }
                self.spoken += 1;
            }
            while let Some((at, mut datagram)) = self.network.receive(now) {
                self.received.push(self.listener.on_datagram(at, NEAR, &mut datagram));
            }
            let mut frame = [0; FRAME_SAMPLES];
            self.kinds.push(self.listener.pull_frame(now, &mut frame));
            self.heard.extend_from_slice(&frame);
            self.ticks += 1;
        }
    }

    fn speaker_time(&self) -> Duration {
        Duration::from_secs_f64(self.spoken as f64 * 0.02 / (1.0 + self.drift_ppm / 1e6))
    }

    /// Shares of the pulled frames from `start` on.
    pub(crate) fn share(&self, start: usize, kind: Pulled) -> f64 {
        let kinds = &self.kinds[start..];
        kinds.iter().filter(|&&pulled| pulled == kind).count() as f64 / kinds.len() as f64
    }
}

/// 1,004 Hz, the telephone engineer's tone, at about −10 dBov.
pub(crate) fn tone(index: u64) -> i16 {
    (10_000.0 * (std::f64::consts::TAU * 1_004.0 * index as f64 / 8_000.0).sin()) as i16
}

/// Signal to noise of each frame in dB against a 1,004 Hz sine of any phase and amplitude, in ascending order.
pub(crate) fn tone_snr(samples: &[i16]) -> Vec<f64> {
    let mut all: Vec<f64> = samples.chunks_exact(FRAME_SAMPLES).map(frame_snr).collect();
    all.sort_by(f64::total_cmp);
    all
}

fn frame_snr(frame: &[i16]) -> f64 {
    let step = std::f64::consts::TAU * 1_004.0 / 8_000.0;
    let (mut ss, mut cc, mut sc, mut xs, mut xc) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (index, &sample) in frame.iter().enumerate() {
        let (sine, cosine) = (step * index as f64).sin_cos();
        let sample = f64::from(sample);
        ss += sine * sine;
        cc += cosine * cosine;
        sc += sine * cosine;
        xs += sample * sine;
        xc += sample * cosine;
    }
    // Least squares for both amplitudes.
    let determinant = ss * cc - sc * sc;
    let (a, b) = ((xs * cc - xc * sc) / determinant, (xc * ss - xs * sc) / determinant);
    let (mut signal, mut noise) = (0.0, 1e-9);
    for (index, &sample) in frame.iter().enumerate() {
        let (sine, cosine) = (step * index as f64).sin_cos();
        let fitted = a * sine + b * cosine;
        signal += fitted * fitted;
        noise += (f64::from(sample) - fitted).powi(2);
    }
    10.0 * (signal / noise).log10()
}

/// The `percent`-th percentile of ascending values.
pub(crate) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100]
}
