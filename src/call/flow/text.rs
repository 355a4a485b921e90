//! Words as they are compared: lower case, without accents and punctuation.

use crate::call::language::lists::Words;

/// One letter as it is compared: curly apostrophes straight, accents gone.
pub(in crate::call) const fn plain_letter(letter: char) -> char {
    match letter {
        '’' | '‘' | '`' => '\'',
        'ă' | 'â' | 'á' | 'à' | 'ä' | 'ã' | 'å' | 'ą' | 'ā' => 'a',
        'ç' | 'č' | 'ć' | 'ċ' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'é' | 'è' | 'ê' | 'ë' | 'ě' | 'ę' | 'ē' | 'ė' => 'e',
        'ğ' | 'ģ' | 'ġ' => 'g',
        'î' | 'í' | 'ï' | 'ì' | 'ī' | 'į' | 'ı' => 'i',
        'ķ' => 'k',
        'ł' | 'ľ' | 'ĺ' | 'ļ' => 'l',
        'ñ' | 'ň' | 'ń' | 'ņ' => 'n',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ő' | 'ø' | 'ō' => 'o',
        'ř' | 'ŕ' => 'r',
        'ș' | 'ş' | 'š' | 'ś' => 's',
        'ț' | 'ţ' | 'ť' => 't',
        'ú' | 'ù' | 'ü' | 'û' | 'ů' | 'ű' | 'ū' | 'ų' => 'u',
        'ý' | 'ÿ' => 'y',
        'ž' | 'ź' | 'ż' => 'z',
        other => other,
    }
}

/// A text in lower case without accents; everything else stays.
#[must_use]
pub(crate) fn plain_letters(text: &str) -> String {
    // An accent that is a character of its own stands behind its letter.
    text.chars().flat_map(char::to_lowercase).filter(|c| !('\u{300}'..='\u{36f}').contains(c)).map(plain_letter).collect()
}

/// The words of a text, folded. Punctuation separates; an apostrophe inside a word stays.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    plain_letters(text)
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The words of a text, folded, with single spaces: what phrases are compared with.
#[must_use]
pub fn folded(text: &str) -> String {
    words(text).join(" ")
}

/// Where `phrase` (folded words) begins in `words`, if it does.
#[must_use]
pub fn find(words: &[String], phrase: &str) -> Option<(usize, usize)> {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    (0..words.len()).find(|&at| starts(&words[at..], &phrase)).map(|at| (at, at + phrase.len()))
}

fn starts(words: &[String], phrase: &[&str]) -> bool {
    words.len() >= phrase.len() && words.iter().zip(phrase).all(|(word, wanted)| word == wanted)
}

/// Is the text one of these phrases, give or take words that mean nothing ("please", "well")?
#[must_use]
pub fn is_one_of(words: &[String], phrases: &Words, fillers: &Words) -> bool {
    let bare: Vec<&str> = words.iter().map(String::as_str).filter(|word| !fillers.contains(word)).collect();
    let whole: Vec<&str> = words.iter().map(String::as_str).collect();
    [bare.join(" "), whole.join(" ")].iter().any(|text| !text.is_empty() && phrases.contains(text))
}

/// Is the text made of these phrases alone, one after the other ("no thanks, that's all")?
#[must_use]
pub fn is_made_of(words: &[String], phrases: &[&Words], fillers: &Words) -> bool {
    let mut rest: &[String] = words;
    let mut any = false;
    while let Some(word) = rest.first() {
        let longest = phrases
            .iter()
            .flat_map(|phrases| phrases.iter())
            .map(|phrase| phrase.split(' ').collect::<Vec<_>>())
            .filter(|phrase| starts(rest, phrase))
            .map(|phrase| phrase.len())
            .max();
        match longest {
            Some(count) => (any, rest) = (true, &rest[count..]),
            None if fillers.contains(word) => rest = &rest[1..],
            None => return false,
        }
    }
    any
}
