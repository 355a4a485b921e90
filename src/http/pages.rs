//! The pages: the files of `web/dist`, in the binary. Every address without a file is the page itself, which looks at its address.

use axum::{
    http::{Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use crate::http::{assets::ASSETS, error::ApiError};

/// Names under this folder carry a hash of their content.
const HASHED: &str = "assets/";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// What is shown when the pages were not built.
const NOT_BUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Warmline</title><h1>The pages are not built</h1>\
     <p>Run <code>npm ci &amp;&amp; npm run build</code> in <code>web/</code>, then build the gateway again. The API works without them.</p>";

/// A file, or the page.
pub(super) async fn page(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return ApiError::NoSuchAddress.into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return ApiError::MethodNotAllowed.into_response();
    }
    if let Some(file) = find(path).filter(|_| path != "index.html") {
        let cache = if path.starts_with(HASHED) { FOR_EVER } else { "no-cache" };
        return ([(header::CONTENT_TYPE, kind(path)), (header::CACHE_CONTROL, cache)], file).into_response();
    }
    // An address that looks like a file and is none must not look like a page; ids may have dots.
    let is_page = path == "index.html" || path.starts_with("calls/") || path.starts_with("agent/");
    if !is_page && path.contains('.') {
        return ApiError::NoSuchAddress.into_response();
    }
    match find("index.html") {
        Some(index) => ([(header::CONTENT_TYPE, kind("index.html")), (header::CACHE_CONTROL, "no-cache")], index).into_response(),
        None => (StatusCode::OK, [(header::CONTENT_TYPE, kind("index.html"))], NOT_BUILT).into_response(),
    }
}

fn find(path: &str) -> Option<&'static [u8]> {
    ASSETS.binary_search_by(|(name, _)| (*name).cmp(path)).ok().map(|index| ASSETS[index].1)
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
