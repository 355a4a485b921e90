//! The provider's signed word on who somebody is.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Map, Value};

use super::OpenIdError;

/// What providers sign with. Nothing that is made with a secret that both know, and nothing without a signature.
const ALGORITHMS: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];
/// Clocks may differ by so many seconds.
const SKEW_S: u64 = 60;

/// The claims of a token whose signature, issuer, audience, time and nonce are right.
pub(super) fn verified(token: &str, keys: &JwkSet, issuer: &str, client: &str, nonce: &str) -> Result<Map<String, Value>, OpenIdError> {
    let wrong = |why: &dyn std::fmt::Display| OpenIdError::Token(why.to_string());
    let header = decode_header(token).map_err(|error| wrong(&error))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(wrong(&"not signed as it should be"));
    }
    let key = match &header.kid {
        Some(kid) => keys.find(kid),
        None if keys.keys.len() == 1 => keys.keys.first(),
        None => None,
    };
    let key = DecodingKey::from_jwk(key.ok_or_else(|| wrong(&"signed with a key that the provider does not have"))?);
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[client]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_nbf = true;
    validation.leeway = SKEW_S;
    let claims =
        decode::<Map<String, Value>>(token, &key.map_err(|error| wrong(&error))?, &validation).map_err(|error| wrong(&error))?.claims;
    let said = |name: &str| claims.get(name).and_then(Value::as_str);
    if said("nonce") != Some(nonce) {
        return Err(wrong(&"made for another sign-in"));
    }
    // OpenID Connect Core section 3.1.3.7: of several audiences the token must be meant for us.
    if claims.get("aud").is_some_and(|aud| aud.as_array().is_some_and(|all| all.len() > 1)) && said("azp") != Some(client) {
        return Err(wrong(&"made for another client"));
    }
    Ok(claims)
}
