//! Whole numbers as quantities: "a hundred and twenty", "1,250", "douăzeci și cinci".

use crate::call::flow::lexicon::Lexicon;

/// The number at the start of the words, and how many words it takes.
#[must_use]
pub fn read(words: &[String], lexicon: &Lexicon) -> Option<(u64, usize)> {
    let first = words.first()?;
    if first.chars().all(|c| c.is_ascii_digit()) {
        return figures(words);
    }
    let (mut total, mut group, mut used) = (0_u64, None::<u64>, 0);
    while let Some(word) = words.get(used) {
        let joins = group.is_some() && lexicon.number_and.contains(word);
        let at = used + usize::from(joins);
        let Some(word) = words.get(at) else { break };
        if let Some((_, scale)) = lexicon.scales.iter().find(|(name, _)| name == word) {
            let scale = u64::from(*scale);
            let times = group.unwrap_or(1);
            if scale == 100 {
                group = Some(times * 100);
            } else {
                total += times * scale;
                group = Some(0);
            }
        } else if let Some(value) = unit(word, lexicon) {
            match group {
                None => group = Some(value),
                Some(before) if fits_behind(before, value) => group = Some(before + value),
                Some(_) => break,
            }
        } else if used == 0 && lexicon.one.contains(word) && words.get(1).is_some_and(|next| lexicon.scales.of(next).is_some()) {
            group = Some(1);
        } else {
            break;
        }
        used = at + 1;
    }
    group.map(|group| (total + group, used))
}

/// "twenty" takes "five", "two hundred" takes anything below a hundred.
fn fits_behind(before: u64, value: u64) -> bool {
    let last = before % 100;
    (before == 0 && value < 1_000)
        || (last == 0 && before > 0 && value < 100)
        || (last >= 20 && last.is_multiple_of(10) && (1..10).contains(&value))
}

fn unit(word: &str, lexicon: &Lexicon) -> Option<u64> {
    if word.len() < 3 && word.chars().all(|c| c.is_ascii_digit()) {
        return word.parse().ok();
    }
    lexicon.numbers.of(word).map(|value| u64::from(*value))
}

/// "1", "250" that the recogniser wrote "1,250": groups of three belong together.
fn figures(words: &[String]) -> Option<(u64, usize)> {
    let mut text = words[0].clone();
    let mut used = 1;
    while text.len() <= 9
        && words[0].len() <= 3
        && words.get(used).is_some_and(|next| next.len() == 3 && next.chars().all(|c| c.is_ascii_digit()))
    {
        text.push_str(&words[used]);
        used += 1;
    }
    Some((text.parse().ok()?, used))
}
