//! The opening handshake (RFC 6455 §4), over the HTTP client that all engines elsewhere share.

use reqwest::{
    StatusCode, Upgraded,
    header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE},
};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::Streams;
use crate::speech::remote::{Trouble, http};

/// The largest message: a minute of words with all that is told of each.
const MESSAGE: usize = 256 * 1_024;
/// Sound that may wait to be written: two seconds.
const UNWRITTEN: usize = 64 * 1_024;

pub(super) type Socket = WebSocketStream<Upgraded>;

/// Connects, and says what is to come.
pub(super) async fn open(streams: &Streams, language: &str) -> Result<Socket, Trouble> {
    timeout(streams.endpoint.timeout(), shake_hands(streams, language)).await.unwrap_or(Err(Trouble::TimedOut))
}

async fn shake_hands(streams: &Streams, language: &str) -> Result<Socket, Trouble> {
    let mut query = vec![
        ("model", streams.options.model.clone()),
        ("language", language.to_owned()),
        ("encoding", "linear16".to_owned()),
        ("sample_rate", "8000".to_owned()),
        ("channels", "1".to_owned()),
        ("interim_results", "true".to_owned()),
        ("punctuate", "true".to_owned()),
    ];
    query.extend(streams.options.query.iter().map(|(key, value)| (key.as_str(), value.clone())));
    let key = generate_key();
    let request = streams.endpoint.get(&query).header(CONNECTION, "Upgrade").header(UPGRADE, "websocket");
    let request = request.header(SEC_WEBSOCKET_VERSION, "13").header(SEC_WEBSOCKET_KEY, &key);
    let response = http::check(request.send().await.map_err(|error| http::trouble(&error))?)?;
    let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT).is_some_and(|accept| accept == derive_accept_key(key.as_bytes()).as_str());
    if response.status() != StatusCode::SWITCHING_PROTOCOLS || !accepted {
        return Err(Trouble::BadAnswer("no WebSocket"));
    }
    let upgraded = response.upgrade().await.map_err(|error| http::trouble(&error))?;
    let config = WebSocketConfig::default()
        .write_buffer_size(0)
        .max_write_buffer_size(UNWRITTEN)
        .max_message_size(Some(MESSAGE))
        .max_frame_size(Some(MESSAGE));
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}
