//! Passwords.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize, de};

/// A text that is never printed: not in logs, not in mistakes, not in a configuration that is written out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for whoever has to prove to know it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

/// Serde's own complaints would repeat what they found.
macro_rules! not_a_text {
    ($($visit:ident: $kind:ty),*) => {
        $(fn $visit<E: de::Error>(self, _: $kind) -> Result<Secret, E> {
            Err(E::custom("a password is a text: write it in quotes"))
        })*
    };
}

impl de::Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a password")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::new(text.to_owned()))
    }

    not_a_text!(visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_bool: bool);
}

/// The three keys with which a password can be given, out of the section that holds them.
#[derive(Debug)]
pub(super) struct PasswordKeys<'a> {
    /// Their names in the file: the password itself, its variable, its file.
    names: [&'static str; 3],
    /// `password`; filled in from the others.
    pub(super) password: &'a mut Option<Secret>,
    /// `password_env`: the name of an environment variable.
    pub(super) env: Option<&'a String>,
    /// `password_file`.
    pub(super) file: Option<&'a PathBuf>,
}

impl<'a> PasswordKeys<'a> {
    /// `password`, `password_env` and `password_file`.
    pub(super) fn of_password(password: &'a mut Option<Secret>, env: Option<&'a String>, file: Option<&'a PathBuf>) -> Self {
        Self { names: ["password", "password_env", "password_file"], password, env, file }
    }

    /// `key`, `key_env` and `key_file`.
    pub(super) fn of_key(key: &'a mut Option<Secret>, env: Option<&'a String>, file: Option<&'a PathBuf>) -> Self {
        Self { names: ["key", "key_env", "key_file"], password: key, env, file }
    }

    /// `secret`, `secret_env` and `secret_file`.
    pub(super) fn of_secret(password: &'a mut Option<Secret>, env: Option<&'a String>, file: Option<&'a PathBuf>) -> Self {
        Self { names: ["secret", "secret_env", "secret_file"], password, env, file }
    }

    /// The keys that are there.
    pub(super) fn given(&self) -> Vec<&'static str> {
        let there = [self.password.is_some(), self.env.is_some(), self.file.is_some()];
        self.names.into_iter().zip(there).filter(|(_, there)| *there).map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let secret: Secret = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "*** Some(***)");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
        for bad in ["4711", "-4711", "47.11", "true"] {
            let error = serde_json::from_str::<Secret>(bad).unwrap_err().to_string();
            assert!(error.contains("write it in quotes") && !error.contains(bad), "{error}");
        }
    }
}
