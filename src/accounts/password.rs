//! Passwords: argon2id, with a salt of their own, and as slow as their kind should be.

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{Salt, SaltString},
};

/// Characters that a password has at least, and at most.
pub const LENGTH: std::ops::RangeInclusive<usize> = 10..=200;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short or too long.
    #[error("A password has 10 to 200 characters.")]
    Length,
    /// It is the account's name, or one character again and again.
    #[error("This password is too easy to guess.")]
    Guessable,
}

/// Is it good enough for an account of this name?
///
/// # Errors
/// Why not.
pub fn check(password: &str, name: &str) -> Result<(), WeakPassword> {
    if !LENGTH.contains(&password.chars().count()) {
        return Err(WeakPassword::Length);
    }
    let lower = password.to_lowercase();
    let same = lower.chars().all(|letter| lower.starts_with(letter));
    let common = ["password", "parola", "warmline", "1234567890", "qwertyuiop"].iter().any(|word| lower.replace(word, "").len() < 4);
    if same || common || lower == name.to_lowercase() { Err(WeakPassword::Guessable) } else { Ok(()) }
}

/// Hashes a password; takes a while and 19 MiB.
#[must_use]
pub fn hash(password: &str) -> String {
    let mut salt = [0; Salt::RECOMMENDED_LENGTH];
    getrandom::fill(&mut salt).expect("a system without randomness cannot have secrets");
    let salt = SaltString::encode_b64(&salt).expect("a salt of the recommended length can be written");
    Argon2::default().hash_password(password.as_bytes(), &salt).expect("the default parameters are valid").to_string()
}

/// Is it the password? As slow as hashing it.
#[must_use]
pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_and_fits_its_password_alone() {
        let (first, second) = (hash("correct horse"), hash("correct horse"));
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, second);
        assert!(verify("correct horse", &first) && verify("correct horse", &second));
        assert!(!verify("correct horsf", &first) && !verify("", &first) && !verify("correct horse", "rubbish"));
    }

    #[test]
    fn weak_passwords_are_not_taken() {
        assert_eq!(check("short", "ana"), Err(WeakPassword::Length));
        assert_eq!(check(&"a".repeat(201), "ana"), Err(WeakPassword::Length));
        for guessable in ["aaaaaaaaaaaa", "Password123", "warmline-1", "ana.popescu", "1234567890"] {
            assert_eq!(check(guessable, "Ana.Popescu"), Err(WeakPassword::Guessable), "{guessable}");
        }
        assert_eq!(check("correct horse", "ana"), Ok(()));
        assert_eq!(check("țuică și sare", "ana"), Ok(()));
    }
}
