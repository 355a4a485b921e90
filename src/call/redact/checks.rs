//! Which figures are a card's or a person's: the check figures decide, so that an order number is left alone.

/// A payment card: 13 to 19 figures that begin like one, with the check figure of ISO/IEC 7812-1 (Luhn).
pub(super) fn is_card(digits: &[u8]) -> bool {
    (13..=19).contains(&digits.len()) && (2..=6).contains(&digits[0]) && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match u32::from(digit) {
            digit if place % 2 == 0 => digit,
            digit if digit > 4 => 2 * digit - 9,
            digit => 2 * digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// A Romanian personal code (CNP): sex and century, a date, a county, a number, and the check figure.
pub(super) fn is_cnp(digits: &[u8]) -> bool {
    const WEIGHTS: [u8; 12] = [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9];
    if digits.len() != 13 || digits[0] == 0 || !is_day(pair(digits, 3), pair(digits, 5)) {
        return false;
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(&digit, weight)| u32::from(digit) * u32::from(weight)).sum();
    let check = if sum % 11 == 10 { 1 } else { sum % 11 };
    check == u32::from(digits[12])
}

/// A Czech or Slovak birth number (rodné číslo) of ten figures: a date in which women have 50 added to the month and late numbers 20, and a whole that eleven
/// divides. Those of nine figures, given until 1953, have no check figure: too many other numbers look like them.
pub(super) fn is_birth_number(digits: &[u8]) -> bool {
    if digits.len() != 10 {
        return false;
    }
    let month = match pair(digits, 2) {
        month @ 71..=82 => month - 70,
        month @ 51..=62 => month - 50,
        month @ 21..=32 => month - 20,
        month => month,
    };
    let number = |digits: &[u8]| digits.iter().fold(0_u64, |number, &digit| number * 10 + u64::from(digit));
    // Until 1985 a remainder of ten was written as a zero.
    let checks = number(digits).is_multiple_of(11) || (number(&digits[..9]) % 11 == 10 && digits[9] == 0);
    checks && is_day(month, pair(digits, 4))
}

fn pair(digits: &[u8], at: usize) -> u8 {
    digits[at] * 10 + digits[at + 1]
}

fn is_day(month: u8, day: u8) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn cards_have_a_check_figure() {
        for card in ["4111111111111111", "5555555555554444", "378282246310005", "6011000990139424", "4222222222222"] {
            assert!(is_card(&digits(card)), "{card}");
        }
        for other in ["4111111111111112", "0000000000000000", "411111111111", "9111111111111113", "41111111111111111111"] {
            assert!(!is_card(&digits(other)), "{other}");
        }
    }

    #[test]
    fn personal_codes_have_a_date_and_a_check_figure() {
        for (code, is) in [("1850315123455", true), ("1850315123456", false), ("1851315123455", false), ("0850315123455", false)] {
            assert_eq!(is_cnp(&digits(code)), is, "{code}");
        }
        for (code, is) in [("7801233540", true), ("7856120019", true), ("0055101002", true), ("7801233541", false), ("9999999999", false)] {
            assert_eq!(is_birth_number(&digits(code)), is, "{code}");
        }
    }
}
