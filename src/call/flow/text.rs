//! Words as they are compared: lower case, without accents and punctuation.

/// One letter as it is compared: lower case, curly apostrophes straight, Romanian and Western accents gone.
fn fold(letter: char) -> char {
    match letter {
        '’' | '‘' | '`' => '\'',
        'ă' | 'â' | 'á' | 'à' | 'ä' => 'a',
        'î' | 'í' | 'ï' => 'i',
        'ș' | 'ş' => 's',
        'ț' | 'ţ' => 't',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'ó' | 'ò' | 'ô' | 'ö' => 'o',
        'ú' | 'ù' | 'ü' => 'u',
        'ç' => 'c',
        other => other,
    }
}

/// The words of a text, folded. Punctuation separates; an apostrophe inside a word stays.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let folded: String = text.chars().flat_map(char::to_lowercase).map(fold).collect();
    folded
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
pub fn is_one_of(words: &[String], phrases: &[&str], fillers: &[&str]) -> bool {
    let bare: Vec<&str> = words.iter().map(String::as_str).filter(|word| !fillers.contains(word)).collect();
    let whole: Vec<&str> = words.iter().map(String::as_str).collect();
    [bare.join(" "), whole.join(" ")].iter().any(|text| !text.is_empty() && phrases.contains(&text.as_str()))
}

/// Is the text made of these phrases alone, one after the other ("no thanks, that's all")?
#[must_use]
pub fn is_made_of(words: &[String], phrases: &[&[&str]], fillers: &[&str]) -> bool {
    let mut rest: &[String] = words;
    let mut any = false;
    while let Some(word) = rest.first() {
        let longest = phrases
            .iter()
            .copied()
            .flatten()
            .map(|phrase| phrase.split(' ').collect::<Vec<_>>())
            .filter(|phrase| starts(rest, phrase))
            .map(|phrase| phrase.len())
            .max();
        match longest {
            Some(count) => (any, rest) = (true, &rest[count..]),
            None if fillers.contains(&word.as_str()) => rest = &rest[1..],
            None => return false,
        }
    }
    any
}
