//! Passwords: each is given once, in the file, by the environment or in a file of its own.

use std::{io, path::Path as FilePath};

use super::Checker;
use crate::{
    config::{ConfigFile, Secret, secret::PasswordKeys},
    yaml::Path,
};

/// Where a password can be.
#[derive(Clone, Copy)]
pub(in crate::config) struct Outside<'a> {
    /// Relative paths count from here.
    pub(in crate::config) folder: &'a FilePath,
    /// Reads a file.
    pub(in crate::config) open: &'a dyn Fn(&FilePath) -> io::Result<String>,
    /// Reads an environment variable.
    pub(in crate::config) variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Checker<'_> {
    /// Fills in every password that is not in the file itself.
    pub(in crate::config) fn passwords(&mut self, file: &mut ConfigFile, outside: Outside<'_>) {
        if let Some(openid) = &mut file.accounts.openid {
            let mut keys = openid.key_keys();
            // A provider may ask for no secret.
            if !keys.given().is_empty() {
                self.password(&Path::of(&["accounts", "openid"]), &mut keys, outside);
            }
        }
        self.remote_keys(&mut file.speech.remote, outside);
        for (name, trunk) in &mut file.trunks {
            if let Some(registration) = &mut trunk.registration {
                self.password(&Path::of(&["trunks", name, "registration"]), &mut registration.password_keys(), outside);
            }
            if let Some(auth) = &mut trunk.auth {
                self.password(&Path::of(&["trunks", name, "auth"]), &mut auth.password_keys(), outside);
            }
        }
        for (id, agent) in &mut file.agents {
            let at = Path::of(&["agents", id]);
            let registers = agent.registers();
            let mut keys = agent.password_keys();
            if registers {
                self.password(&at, &mut keys, outside);
            } else if let Some(key) = keys.given().first() {
                self.wrong(&at.key(key), "only a telephone that registers has a password", Some("write `target: registered`"));
            }
        }
    }

    pub(super) fn password(&mut self, at: &Path, keys: &mut PasswordKeys<'_>, outside: Outside<'_>) {
        match keys.given().as_slice() {
            [] => {
                if !self.was_hurt(&at.clone().key("password")) {
                    self.wrong(at, "no password", Some("add `password_env: NAME`, `password_file: FILE` or `password: \"…\"`"));
                }
            }
            [key] => {
                let at = at.clone().key(key);
                if let Some(secret) = self.found(&at, keys, outside) {
                    *keys.password = Some(secret);
                }
            }
            [first, second, ..] => {
                self.wrong(&at.clone().key(second), format!("`{first}` gives the password already"), Some("keep one of them"));
            }
        }
    }

    fn found(&mut self, at: &Path, keys: &PasswordKeys<'_>, outside: Outside<'_>) -> Option<Secret> {
        let text = match (&keys.password, keys.env, keys.file) {
            (Some(secret), ..) => secret.expose().to_owned(),
            (None, Some(name), _) => match (outside.variable)(name) {
                Some(text) => text,
                None => {
                    self.wrong(at, format!("the environment variable `{name}` is not set"), None);
                    return None;
                }
            },
            (None, None, Some(path)) => match (outside.open)(&outside.folder.join(path)) {
                Ok(text) => text.trim_end_matches(['\r', '\n']).to_owned(),
                Err(error) => {
                    self.wrong(at, format!("{}: {error}", path.display()), None);
                    return None;
                }
            },
            (None, None, None) => return None,
        };
        if text.is_empty() || text.chars().any(char::is_control) {
            self.wrong(at, "a password is one line that is not empty", None);
            return None;
        }
        Some(Secret::new(text))
    }
}
