//! User-to-User (RFC 7433): what one application wants the other one to know about a call, in one header.

use std::fmt;
use std::str::FromStr;

use crate::uri::{Params, split_outside_quotes};

/// Bytes of data at most, read or written. Networks carry less: ISDN 128.
const MAX_USER_TO_USER: usize = 1_024;

/// Why a User-to-User value is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserToUserError {
    /// More than a kilobyte of data.
    #[error("user-to-user data is too long")]
    TooLong,
    /// Another encoding than `hex`, the only one there is (RFC 7433 §4.1).
    #[error("user-to-user data in an unknown encoding")]
    Encoding,
    /// Not an even number of hexadecimal digits.
    #[error("user-to-user data is not hexadecimal")]
    Hex,
    /// No data, or parameters that cannot be read.
    #[error("malformed user-to-user value")]
    Syntax,
}

/// One User-to-User value. Received ones are what a stranger wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserToUser {
    /// The data, decoded.
    pub data: Vec<u8>,
    /// What it is for (`isdn-uui` unless said otherwise, RFC 7434).
    pub purpose: Option<String>,
    /// What it is.
    pub content: Option<String>,
}

impl UserToUser {
    /// The header's name.
    pub const HEADER: &str = "User-to-User";

    /// Data without purpose and content.
    pub fn new(data: impl Into<Vec<u8>>) -> Result<Self, UserToUserError> {
        let data = data.into();
        if data.len() > MAX_USER_TO_USER {
            return Err(UserToUserError::TooLong);
        }
        Ok(Self { data, purpose: None, content: None })
    }

    /// Every readable value among these headers, lists split at their commas.
    pub fn all<'a>(headers: impl IntoIterator<Item = &'a (String, String)>) -> Vec<Self> {
        let ours = headers.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case(Self::HEADER));
        ours.flat_map(|(_, value)| split_outside_quotes(value, ',')).filter_map(|value| value.parse().ok()).take(8).collect()
    }
}

impl FromStr for UserToUser {
    type Err = UserToUserError;

    fn from_str(text: &str) -> Result<Self, UserToUserError> {
        let cut = text.find(';').unwrap_or(text.len());
        let digits = text[..cut].trim().trim_matches('"');
        let params =
            if cut == text.len() { Params::default() } else { Params::parse(&text[cut..]).map_err(|_| UserToUserError::Syntax)? };
        let param = |name| params.get(name).map(|value| value.trim_matches('"').chars().take(128).collect::<String>());
        if param("encoding").is_some_and(|encoding| !encoding.eq_ignore_ascii_case("hex")) {
            return Err(UserToUserError::Encoding);
        }
        if digits.is_empty() {
            return Err(UserToUserError::Syntax);
        }
        if digits.len() > 2 * MAX_USER_TO_USER {
            return Err(UserToUserError::TooLong);
        }
        Ok(Self { data: unhex(digits).ok_or(UserToUserError::Hex)?, purpose: param("purpose"), content: param("content") })
    }
}

impl fmt::Display for UserToUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.data.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        // Characters that are no token could start a parameter of somebody else's choosing.
        let token = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).collect::<String>();
        for (name, value) in [("purpose", &self.purpose), ("content", &self.content)] {
            if let Some(value) = value {
                write!(f, ";{name}={}", token(value))?;
            }
        }
        f.write_str(";encoding=hex")
    }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    digits.as_bytes().chunks(2).map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_standard_s_example() {
        let text = "56a390f3d2b7310023a2;encoding=hex;purpose=foo;content=bar";
        let read: UserToUser = text.parse().unwrap();
        assert_eq!((read.data[0], read.data.len(), read.purpose.as_deref(), read.content.as_deref()), (0x56, 10, Some("foo"), Some("bar")));
        assert_eq!(read.to_string().parse(), Ok(read));
        assert_eq!("\"00\"".parse::<UserToUser>().unwrap().data, [0]);
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for (text, why) in [
            ("", UserToUserError::Syntax),
            (";encoding=hex", UserToUserError::Syntax),
            ("00;;", UserToUserError::Syntax),
            ("abc", UserToUserError::Hex),
            ("zz", UserToUserError::Hex),
            ("00é0", UserToUserError::Hex),
            ("00;encoding=text", UserToUserError::Encoding),
            (&"0".repeat(2_050), UserToUserError::TooLong),
        ] {
            assert_eq!(text.parse::<UserToUser>(), Err(why), "{text}");
        }
        assert_eq!(UserToUser::new(vec![0; 1_025]), Err(UserToUserError::TooLong));
    }

    #[test]
    fn finds_every_value_and_skips_the_broken_ones() {
        let headers = [("X".to_owned(), "00".to_owned()), ("user-to-user".to_owned(), "01;encoding=hex, nothing,02".to_owned())];
        let found = UserToUser::all(&headers);
        assert_eq!(found.iter().map(|value| value.data.as_slice()).collect::<Vec<_>>(), [[1], [2]]);
    }

    #[test]
    fn writes_no_parameter_that_the_value_smuggles_in() {
        let value = UserToUser { purpose: Some("x;encoding=text\r\nVia: evil".to_owned()), ..UserToUser::new("a").unwrap() };
        assert_eq!(value.to_string(), "61;purpose=xencodingtextViaevil;encoding=hex");
    }
}
