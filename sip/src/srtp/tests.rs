//! Known answers, and packets that strangers made.

use super::cipher::{Cipher, Place};
use super::keys::Label;
use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let hex: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    hex.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn keys(suite: Suite) -> Keys {
    Keys::from_random(suite, &std::array::from_fn(|index| (index * 37 + 11) as u8))
}

fn packet(sequence: u16, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x80, 0];
    out.extend_from_slice(&sequence.to_be_bytes());
    out.extend_from_slice(&1_000_u32.to_be_bytes());
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(payload);
    out
}

fn report(ssrc: u32) -> Vec<u8> {
    let mut out = vec![0x80, 201, 0, 1];
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[0x81, 202, 0, 2, 0, 0, 0, 7, 1, 1, b'a', 0]);
    out
}

#[test]
fn keys_are_derived_as_in_rfc_3711_appendix_b3() {
    let master = bytes("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
    let keys = Keys::new(Suite::AesCm128Sha1_80, &master).unwrap();
    let derive = |label, length| {
        let mut out = vec![0; length];
        keys.derive(label, &mut out);
        out
    };
    assert_eq!(derive(Label::RtpKey, 16), bytes("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(derive(Label::RtpSalt, 14), bytes("30CBBC08863D8C85D49DB34A9AE1"));
    assert_eq!(derive(Label::RtpAuthentication, 20), bytes("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

#[test]
fn the_keystream_is_that_of_rfc_3711_appendix_b2() {
    let salt: [u8; 14] = bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let cipher = Cipher::new(Suite::AesCm128Sha1_80, &bytes("2B7E151628AED2A6ABF7158809CF4F3C"), salt, &[0; 20]);
    let mut stream = [0; 32];
    cipher.count(Place { ssrc: 0, index: 0 }, &mut stream);
    assert_eq!(stream[..16], bytes("E03EAD0935C95E80E166B16DD92B4EB4")[..]);
    assert_eq!(stream[16..], bytes("D23513162B02D0F72A43A2FE4A5F97AB")[..]);
}

#[test]
fn galois_mode_is_that_of_rfc_7714_section_16() {
    // §16.1.1: the session key and salt are given, not derived.
    let salt: [u8; 14] = bytes("51756964 2070726f 2071756f 0000").try_into().unwrap();
    let cipher = Cipher::new(Suite::AeadAes128Gcm, &bytes("00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"), salt, &[0; 20]);
    let head = bytes("8040f17b 8041f8d3 5501a0b2");
    let mut payload = bytes("47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573");
    let place = Place { ssrc: 0x5501_a0b2, index: 0xf17b };
    assert_eq!(cipher.rtp_nonce(place)[..], bytes("51753c65 80c2726f 20718414")[..]);
    let tag = cipher.seal(&cipher.rtp_nonce(place), &head, &mut payload);
    assert_eq!(payload, bytes("f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833"));
    assert_eq!(tag[..], bytes("899d7f27 beb16a91 52cf765e e4390cce")[..]);
}

#[test]
fn every_suite_opens_what_it_closed_across_the_wrap() {
    for suite in Suite::ALL {
        let (mut sender, mut receiver) = (Sender::new(keys(suite)), Receiver::new(keys(suite)));
        for step in 0..70_000_u32 {
            let sequence = 65_000_u16.wrapping_add(step as u16);
            let clear = packet(sequence, 7, b"twenty milliseconds of sound");
            let mut wire = clear.clone();
            sender.protect_rtp(&mut wire, 0);
            assert_ne!(wire[12..20], clear[12..20]);
            // One packet in ten is lost.
            if step % 10 == 3 {
                continue;
            }
            let length = receiver.open_rtp(&mut wire).unwrap();
            assert_eq!(wire[..length], clear[..], "{suite:?} {step}");
        }
        let mut wire = report(7);
        sender.protect_rtcp(&mut wire);
        let mut again = wire.clone();
        let length = receiver.open_rtcp(&mut wire).unwrap();
        assert_eq!(wire[..length], report(7)[..], "{suite:?}");
        assert_eq!(receiver.open_rtcp(&mut again), Err(Refused::Replayed), "{suite:?}");
    }
}

#[test]
fn forged_replayed_and_broken_packets_are_told_apart_and_cost_nothing() {
    for suite in Suite::ALL {
        let (mut sender, mut receiver) = (Sender::new(keys(suite)), Receiver::new(keys(suite)));
        let mut first = packet(1, 7, b"sound");
        sender.protect_rtp(&mut first, 0);
        for byte in 0..first.len() {
            let mut forged = first.clone();
            forged[byte] ^= 0x10;
            assert!(receiver.open_rtp(&mut forged).is_err(), "{suite:?} {byte}");
        }
        for length in 0..first.len() {
            assert!(receiver.open_rtp(&mut first.clone()[..length]).is_err());
            assert!(receiver.open_rtcp(&mut first.clone()[..length]).is_err());
        }
        // A thousand strangers' sources leave no trace.
        for ssrc in 0..1_000 {
            assert_eq!(receiver.open_rtp(&mut packet(9, ssrc, &[0; 40])), Err(Refused::Forged));
        }
        assert!(receiver.sources.iter().all(Option::is_none));
        assert!(receiver.open_rtp(&mut first.clone()).is_ok());
        assert_eq!(receiver.open_rtp(&mut first), Err(Refused::Replayed));
    }
}

#[test]
fn late_packets_within_the_window_are_welcome_once() {
    let (mut sender, mut receiver) = (Sender::new(keys(Suite::AesCm128Sha1_80)), Receiver::new(keys(Suite::AesCm128Sha1_80)));
    let wires: Vec<Vec<u8>> = (0..200)
        .map(|sequence| {
            let mut wire = packet(sequence, 7, b"sound");
            sender.protect_rtp(&mut wire, 0);
            wire
        })
        .collect();
    receiver.open_rtp(&mut wires[100].clone()).unwrap();
    assert!(receiver.open_rtp(&mut wires[40].clone()).is_ok());
    assert_eq!(receiver.open_rtp(&mut wires[40].clone()), Err(Refused::Replayed));
    assert_eq!(receiver.open_rtp(&mut wires[30].clone()), Err(Refused::Replayed));
}

#[test]
fn crypto_lines_of_real_phones() {
    let line = CryptoLine::parse("1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20").unwrap();
    assert_eq!((line.tag, line.keys.suite()), (1, Suite::AesCm128Sha1_80));
    assert_eq!(line.write(), "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz");
    assert_eq!(CryptoLine::parse(&line.write()), Some(line));
    for unusable in [
        "",
        "x AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "1 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4",
        "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz UNENCRYPTED_SRTP",
        "1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=",
        "1 AES_CM_128_HMAC_SHA1_80 uri:https://example.net/key",
    ] {
        assert_eq!(CryptoLine::parse(unusable), None, "{unusable}");
    }
}

#[test]
fn keys_are_not_printed() {
    let text = format!("{:?}", CryptoLine { tag: 1, keys: keys(Suite::AeadAes256Gcm) });
    assert!(!text.contains("11") && text.contains("AeadAes256Gcm"), "{text}");
}

#[test]
fn what_is_handed_on_out_of_order_is_opened_on_both_sides_of_the_wrap() {
    for suite in [Suite::AesCm128Sha1_80, Suite::AeadAes128Gcm] {
        let (mut sender, mut receiver) = (Sender::new(keys(suite)), Receiver::new(keys(suite)));
        for sequence in [65_533, 65_535, 0, 65_534, 2, 1, 3] {
            let clear = packet(sequence, 9, &[sequence as u8; 20]);
            let mut closed = clear.clone();
            sender.protect_rtp(&mut closed, 0);
            let length = receiver.open_rtp(&mut closed).unwrap();
            assert_eq!(closed[..length], clear[..], "{suite:?} {sequence}");
        }
    }
}
