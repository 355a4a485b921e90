//! A download that goes on where it was broken off (HTTP range requests, RFC 9110 section 14).

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use ureq::{
    Agent, Proxy,
    http::{StatusCode, header},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{FetchError, pip::Settings};

/// A connection that gives nothing for this long is broken.
const SILENCE: Duration = Duration::from_secs(60);
/// Connections tried for one file, as long as each brings something.
const TRIES: usize = 20;

/// Why a download stopped.
pub(crate) enum Stopped {
    /// The network: what has come is kept.
    Network(String),
    /// The disk.
    Disk(FetchError),
}

/// An HTTP client that trusts and goes through what pip does.
pub(crate) fn client(settings: &Settings) -> Agent {
    let roots = settings.certificates.as_deref().and_then(certificates).unwrap_or(RootCerts::PlatformVerifier);
    let mut config = Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .timeout_connect(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .http_status_as_error(false);
    if let Some(proxy) = settings.proxy.as_deref().and_then(|proxy| Proxy::new(proxy).ok()) {
        config = config.proxy(Some(proxy));
    }
    config.build().new_agent()
}

/// The certificates of a PEM file; `None` for folders and unreadable files.
fn certificates(path: &Path) -> Option<RootCerts> {
    let pem = fs::read(path).ok()?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    (!certificates.is_empty()).then(|| RootCerts::Specific(Arc::new(certificates)))
}

/// Downloads `url` to `part`, going on behind what is there already. `progress` hears bytes here and bytes in all (0: not known).
pub(crate) fn download(agent: &Agent, url: &str, part: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Stopped> {
    if let Some(path) = url.strip_prefix("file://") {
        return copy_local(path, part);
    }
    let mut tries = 0;
    loop {
        let before = size_of(part);
        match attempt(agent, url, part, progress) {
            Err(Stopped::Network(reason)) => {
                tries += 1;
                // One that brought something may go on; three that brought nothing will not.
                if tries >= TRIES || (tries >= 3 && size_of(part) <= before) {
                    return Err(Stopped::Network(reason));
                }
            }
            other => return other,
        }
    }
}

fn size_of(part: &Path) -> u64 {
    fs::metadata(part).map_or(0, |meta| meta.len())
}

/// A local package folder (`find-links`).
fn copy_local(path: &str, part: &Path) -> Result<(), Stopped> {
    fs::copy(path.replace("%20", " "), part).map(drop).map_err(|error| Stopped::Disk(FetchError::io(part, &error)))
}

fn attempt(agent: &Agent, url: &str, part: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Stopped> {
    let network = |error: &dyn std::fmt::Display| Stopped::Network(error.to_string());
    let have = size_of(part);
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header(header::RANGE, format!("bytes={have}-"));
    }
    let response = request.call().map_err(|error| network(&error))?;
    let start = match response.status() {
        StatusCode::PARTIAL_CONTENT => have,
        StatusCode::OK => 0,
        // Everything was there already; the hash will tell.
        StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => return Ok(()),
        status => return Err(Stopped::Network(format!("the server answered {status}"))),
    };
    let length = response.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let total = length.map_or(0, |length| start + length);
    let disk = |error: &io::Error| Stopped::Disk(FetchError::io(part, error));
    let mut file = File::options().create(true).write(true).truncate(start == 0).append(start > 0).open(part).map_err(|e| disk(&e))?;
    let mut body = response.into_body().into_reader();
    let mut here = start;
    let mut buffer = vec![0; 1 << 16];
    loop {
        progress(here, total);
        let count = body.read(&mut buffer).map_err(|error| network(&error))?;
        if count == 0 {
            break;
        }
        file.write_all(&buffer[..count]).map_err(|error| disk(&error))?;
        here += count as u64;
    }
    if here < total {
        return Err(Stopped::Network(format!("the connection ended after {here} of {total} bytes")));
    }
    file.sync_all().map_err(|error| disk(&error))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        net::TcpListener,
        path::PathBuf,
        thread::JoinHandle,
    };

    use super::*;

    const CONTENT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

    /// A server that answers one connection after the other, as told; gives its address and what ranges it was asked for.
    fn server(answers: Vec<(&'static str, usize, usize)>) -> (String, JoinHandle<Vec<Option<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/file.whl", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let answer = |(status, length, sent): (&str, usize, usize)| {
                let (mut stream, _) = listener.accept().unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let range = head.iter().find_map(|line| line.to_lowercase().strip_prefix("range: ").map(str::to_owned));
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").unwrap();
                let start = CONTENT.len() - length.min(CONTENT.len());
                stream.write_all(&CONTENT[start..start + sent]).unwrap();
                range
            };
            answers.into_iter().map(answer).collect()
        });
        (url, asked)
    }

    fn part(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("warmline-download-{name}-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    fn fetch(url: &str, part: &Path) -> Result<(), Stopped> {
        download(&client(&Settings::default()), url, part, &mut |_, _| {})
    }

    #[test]
    fn a_broken_download_goes_on_behind_what_has_come() {
        let part = part("resume");
        let (url, asked) = server(vec![("200 OK", 36, 10), ("206 Partial Content", 26, 5), ("206 Partial Content", 21, 21)]);
        assert!(fetch(&url, &part).is_ok());
        assert_eq!(fs::read(&part).unwrap(), CONTENT);
        assert_eq!(asked.join().unwrap(), [None, Some("bytes=10-".into()), Some("bytes=15-".into())]);
        fs::remove_file(part).unwrap();
    }

    #[test]
    fn a_server_without_ranges_starts_again() {
        let part = part("whole");
        fs::write(&part, b"0123").unwrap();
        let (url, asked) = server(vec![("200 OK", 36, 36)]);
        assert!(fetch(&url, &part).is_ok());
        assert_eq!(fs::read(&part).unwrap(), CONTENT);
        assert_eq!(asked.join().unwrap(), [Some("bytes=4-".to_owned())]);
        fs::remove_file(part).unwrap();
    }

    #[test]
    fn a_server_that_gives_nothing_is_left_alone_and_what_was_there_stays() {
        let part = part("gone");
        fs::write(&part, b"0123").unwrap();
        let (url, asked) = server(vec![("404 Not Found", 0, 0); 3]);
        assert!(matches!(fetch(&url, &part), Err(Stopped::Network(reason)) if reason.contains("404")));
        assert_eq!(asked.join().unwrap().len(), 3);
        assert_eq!(fs::read(&part).unwrap(), b"0123");
        fs::remove_file(part).unwrap();
    }
}
