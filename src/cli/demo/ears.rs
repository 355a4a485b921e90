//! Understands what a telephone heard, with the recogniser of the gateway.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use warmline_models::{ModelsDir, RECOGNISER_RATE, Recogniser, Runtime, manifest::Part, resample, split_at_pauses, to_float};

use crate::phone::{RATE, Sound};

/// A recogniser for telephones.
#[derive(Clone)]
pub(crate) struct Ears(Arc<Recogniser>);

impl Ears {
    /// Loads it from the user's models, or from another folder; fetches them first if they are not there.
    pub(crate) fn load(models: Option<&Path>) -> Result<Self> {
        let models = fetch_models(models)?;
        Ok(Self(Arc::new(Recogniser::load(&Runtime::load(&models)?, 1)?)))
    }

    /// The words in a sound.
    pub(crate) async fn hear(&self, sound: &Sound) -> Result<String> {
        let recogniser = Arc::clone(&self.0);
        let audio = resample(&to_float(&sound.samples), RATE, RECOGNISER_RATE)?;
        let words = move || -> Result<String> {
            let mut text = Vec::new();
            for part in split_at_pauses(&audio) {
                text.push(recogniser.transcribe(part, &|| false)?.text);
            }
            text.retain(|part| !part.is_empty());
            Ok(text.join(" "))
        };
        tokio::task::spawn_blocking(words).await.context("the recogniser was given up")?
    }
}

/// The user's models, or those of another folder, fetched if they are not there.
pub(crate) fn fetch_models(folder: Option<&Path>) -> Result<ModelsDir> {
    let models = folder.map_or_else(ModelsDir::of_user, |folder| Ok(ModelsDir::at(folder)))?;
    crate::cli::models::pull(&models, &[Part::Core])?;
    Ok(models)
}

/// The words of a text in lower case, without punctuation.
pub(crate) fn words(text: &str) -> Vec<String> {
    let apart = |letter: char| !(letter.is_alphanumeric() || letter == '\'');
    text.split(apart).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// True if one of the words or phrases is in the text.
pub(crate) fn has_any(text: &str, expected: &[&str]) -> bool {
    let text = format!(" {} ", words(text).join(" "));
    expected.iter().any(|phrase| text.contains(&format!(" {} ", phrase.to_lowercase())))
}

/// The part of the longer words of `text` that were heard, 0..=1. Numbers do not count: they are spoken in their own way.
pub(crate) fn share_heard(text: &str, heard: &str) -> f64 {
    let heard = words(heard);
    let long: Vec<String> = words(text).into_iter().filter(|word| word.len() > 3 && word.chars().all(char::is_alphabetic)).collect();
    let found = long.iter().filter(|word| heard.contains(word)).count();
    if long.is_empty() { 0.0 } else { found as f64 / long.len() as f64 }
}

/// True if `count` words follow each other in both texts.
pub(crate) fn share_a_run(one: &str, other: &str, count: usize) -> bool {
    let (one, other) = (words(one), words(other));
    one.windows(count).any(|run| other.windows(count).any(|elsewhere| run == elsewhere))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_by_their_words() {
        assert!(has_any("Is that right?", &["correct", "that right"]));
        assert!(!has_any("Brightly", &["right"]));
        assert!(share_heard("Maria is calling about order 457129", "maria's calling about order four") > 0.7);
        assert!(share_heard("Something else entirely", "hello") < 0.01);
        assert!(share_a_run("please press one to accept", "Now press one, to accept!", 4));
        assert!(!share_a_run("please press one to accept", "I accept one press", 3));
    }
}
