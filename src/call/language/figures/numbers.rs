//! Whole numbers and fractions in words.

use super::{
    Counted, Table,
    table::{Behind, Forms, Genders, Numbers},
};

/// Larger numbers are read digit by digit.
const MOST: u64 = 1_000_000_000_000;

impl Table {
    /// "dva tisíce dvacet šest": a number as it counts something of a gender, in the form that stands behind some words.
    pub(super) fn cardinal(&self, number: u64, gender: &str, behind: Option<&Behind>) -> String {
        if let Some(scale) = self.scales.iter().find(|scale| number >= scale.from) {
            let count = number / scale.from;
            let head = match count {
                1 => scale.single.clone(),
                _ => format!("{} {}", self.cardinal(count, &scale.counted.gender, None), self.plural.of(count, &scale.counted.forms)),
            };
            let rest = number % scale.from;
            return if rest == 0 { head } else { format!("{head} {}", self.cardinal(rest, gender, behind)) };
        }
        let (numbers, genders) = behind.map_or((&self.numbers, &self.genders), |behind| (&behind.numbers, &behind.genders));
        below_thousand(number, gender, numbers, genders)
    }

    /// A number and the form of what it counts.
    pub(super) fn counted(&self, number: u64, counted: &Counted) -> String {
        format!("{} {}", self.cardinal(number, &counted.gender, None), self.plural.of(number, &counted.forms))
    }

    /// A written whole number, perhaps in groups of three; none for codes with a leading zero.
    pub(super) fn whole(&self, text: &str) -> Option<u64> {
        let mut groups = text.split(self.thousands);
        let first = groups.next()?;
        let is_grouped = first.len() < text.len();
        let good = is_digits(first) && (!is_grouped || first.len() <= 3) && groups.all(|group| group.len() == 3 && is_digits(group));
        if !good || (first.len() > 1 && first.starts_with('0')) {
            return None;
        }
        text.replace(self.thousands, "").parse().ok().filter(|number| *number < MOST)
    }

    /// A written number, perhaps with a fraction: "1.250", "3,5".
    pub(super) fn written(&self, text: &str, gender: &str, behind: Option<&Behind>) -> Option<String> {
        let Some((whole, fraction)) = text.split_once(self.decimal) else {
            return self.whole(text).map(|number| self.cardinal(number, gender, behind));
        };
        let whole = self.whole(whole)?;
        let read = match fraction.parse::<u64>() {
            Ok(number) if is_digits(fraction) && !fraction.starts_with('0') && fraction.len() <= 2 => self.cardinal(number, "", None),
            Ok(_) if is_digits(fraction) => self.digit_by_digit(fraction),
            Ok(_) | Err(_) => return None,
        };
        Some(format!("{} {read}", self.counted(whole, &self.point)))
    }

    /// "čtyři pět sedm".
    pub(super) fn digit_by_digit(&self, digits: &str) -> String {
        let names: Vec<&str> =
            digits.bytes().filter(u8::is_ascii_digit).map(|digit| self.digits[usize::from(digit - b'0')].as_str()).collect();
        names.join(" ")
    }

    /// The form of a unit that a written number takes.
    pub(super) fn form<'f>(&self, written: &str, forms: &'f Forms) -> &'f str {
        match self.whole(written) {
            Some(number) => self.plural.of(number, forms),
            None => forms.part.as_ref().unwrap_or(&forms.few),
        }
    }
}

fn below_thousand(number: u64, gender: &str, numbers: &Numbers, genders: &Genders) -> String {
    if let Some(own) = genders.get(gender).into_iter().flatten().find(|own| own.number == number) {
        return own.word.clone();
    }
    let index = |number: u64| usize::try_from(number).unwrap_or_default();
    let below_hundred = |number: u64| below_thousand(number, gender, numbers, genders);
    match number {
        0..20 => numbers.small[index(number)].clone(),
        20..100 => {
            let tens = &numbers.tens[index(number / 10 - 2)];
            match number % 10 {
                0 => tens.clone(),
                units if numbers.units_first => format!("{}{}{tens}", below_hundred(units), numbers.joint),
                units => format!("{tens}{}{}", numbers.joint, below_hundred(units)),
            }
        }
        _ => {
            let hundreds = &numbers.hundreds[index(number / 100 % 10).saturating_sub(1)];
            let rest = number % 100;
            if rest == 0 { hundreds.clone() } else { format!("{hundreds}{}{}", numbers.hundreds_joint, below_hundred(rest)) }
        }
    }
}

/// Whether all characters are digits, and there is one.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
