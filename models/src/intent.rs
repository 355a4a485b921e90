//! Which intent is it? A head built from example sentences when a flow is loaded, with calibrated scores.
//!
//! Multinomial logistic regression on centred embeddings, one class for each label and one for everything else. What everything else is comes from
//! `weights/background.bin` (typical sentences of the 150 matters of CLINC150, CC BY 3.0, and of some hundreds of our own) without the matters that one of the
//! flow's labels is about, and from the sentences that the flow itself names as none of its own. How alike a sentence is to its nearest example counts beside
//! the regression: it keeps a single unusual example alive among many usual ones.
//!
//! Whether a sentence is about one of the labels at all, and about which of them, are two questions: two labels that are close ("when does my parcel come" and
//! "how long does a parcel take") share the certainty that it is one of them, and neither should be taken for doubtful because of the other.

use crate::{
    embedder::{EMBEDDING_WIDTH, Embedding, normalise},
    error::ModelError,
    linear::{Rough, dot, matrix, nearest_of},
    manifest::is_english,
    softmax::{ClassWeights, Lesson, learn, softmax},
    weights::{background, matters},
};

/// The background counts as this many examples when the centre is computed: with few examples their own mean says little.
const BACKGROUND_EXAMPLES: f32 = 20.0;
/// Inverse of the regression's regularisation.
const FREEDOM: f32 = 30.0;
/// How much likeness to the nearest example counts beside the regression; less for callers of another language, and for parts of what was said.
const NEAREST: f32 = 14.0;
const PLAIN_NEAREST: f32 = 8.0;
/// What is said for everything else must be so much likelier, as a logarithm.
const DOUBT: f32 = 1.0;
/// The same where the examples are in another language than English: what everything else is was written in English for the greater part, and reaches less far
/// into others.
const DOUBT_ELSEWHERE: f32 = 0.0;
/// The same for sentences of another language than that of the examples.
const DOUBT_ABROAD: f32 = 1.85;
/// How much more decidedly one of the labels is chosen than the regression would.
const DECISION: f32 = 2.0;
/// A matter that is so much like a label is left out of everything else (cosine of their centroids); so is a sentence that is so much like an example.
const SAME_MATTER: f32 = 0.6;
const SAME_SENTENCE: f32 = 0.7;
/// Labels with fewer examples than this count as if they had so many: a single sentence should not weigh as much as twenty.
const FEWEST: usize = 10;

/// A label with its score, 0..1: the probability that it is the right one.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelScore {
    /// The label.
    pub label: String,
    /// Its score.
    pub score: f32,
}

/// The head of one flow. Serves intents (many examples each) and knowledge entries (few variants each) alike.
#[derive(Debug, Clone)]
pub struct IntentHead {
    labels: Vec<Label>,
    others: Label,
    centre: Vec<f32>,
    nearest: f32,
    doubt: f32,
    decision: f32,
}

#[derive(Debug, Clone)]
struct Label {
    name: String,
    examples: Rough,
    weights: ClassWeights,
}

/// Centred sentences of one label.
type Sentences = Vec<Vec<f32>>;

impl IntentHead {
    /// Builds a head from the embeddings of each label's example sentences (written in `language`), and of sentences that are none of them.
    ///
    /// # Errors
    /// When there are not two labels with an example each.
    pub fn train(language: &str, examples: &[(String, Vec<Embedding>)], others: &[Embedding]) -> Result<Self, ModelError> {
        let labelled: Vec<_> = examples.iter().filter(|(_, sentences)| !sentences.is_empty()).collect();
        if labelled.len() < 2 {
            return Err(ModelError::TooFewExamples);
        }
        let centre = centre_of(labelled.iter().flat_map(|(_, sentences)| sentences));
        let of_label = |(_, sentences): &&(String, Vec<Embedding>)| sentences.iter().map(|it| centred(it, &centre)).collect();
        let mut all: Vec<Sentences> = labelled.iter().map(of_label).collect();
        let mut rest = everything_else(matters(language), &all, &centre);
        rest.extend(others.iter().map(|it| centred(it, &centre)));
        all.push(rest);
        let names = labelled.iter().map(|(name, _)| name.as_str()).chain([""]);
        let label = |((name, sentences), weights): ((&str, &Sentences), _)| Label {
            name: name.to_owned(),
            examples: Rough::new(sentences),
            weights,
        };
        let mut labels: Vec<Label> = names.zip(&all).zip(learnt(&all)).map(label).collect();
        let others = labels.pop().expect("everything else is the last one");
        let doubt = if is_english(language) { DOUBT } else { DOUBT_ELSEWHERE };
        Ok(Self { labels, others, centre, nearest: NEAREST, doubt, decision: DECISION })
    }

    /// For callers who speak another language than that of the examples: they are farther from all of them, which speaks for nothing else.
    #[must_use]
    pub fn for_another_language(mut self) -> Self {
        self.nearest = PLAIN_NEAREST;
        self.doubt = DOUBT_ABROAD;
        self.decision = 1.0;
        self
    }

    /// All labels with their scores, best first. Out of scope is: none above the flow's threshold.
    #[must_use]
    pub fn scores(&self, embedding: &Embedding) -> Vec<LabelScore> {
        self.decided(embedding, self.nearest, self.decision)
    }

    /// The same for a part of what was said: that has less to choose by.
    #[must_use]
    pub fn scores_of_part(&self, embedding: &Embedding) -> Vec<LabelScore> {
        self.decided(embedding, PLAIN_NEAREST, 1.0)
    }

    fn decided(&self, embedding: &Embedding, likeness: f32, decision: f32) -> Vec<LabelScore> {
        let sentence = centred(embedding, &self.centre);
        let rough = Rough::new(std::slice::from_ref(&sentence));
        let strength = |label: &Label| label.strength(&sentence, likeness * label.examples.nearest(&rough));
        let strengths: Vec<f32> = self.labels.iter().map(strength).collect();
        let other = strength(&self.others) - self.doubt;
        let mut shares: Vec<f32> = strengths.iter().copied().chain([other]).collect();
        softmax(&mut shares);
        let any = 1.0 - shares.last().copied().unwrap_or_default();
        let mut which: Vec<f32> = strengths.iter().map(|strength| strength * decision).collect();
        softmax(&mut which);
        let scores = self.labels.iter().zip(which).map(|(label, share)| LabelScore { label: label.name.clone(), score: any * share });
        let mut scores: Vec<LabelScore> = scores.collect();
        scores.sort_by(|a, b| b.score.total_cmp(&a.score));
        scores
    }
}

impl Label {
    /// How much speaks for it, as a logarithm, with so much for being like an example.
    fn strength(&self, sentence: &[f32], likeness: f32) -> f32 {
        let (bias, weights) = self.weights.split_last().expect("a head has learnt before it is asked");
        dot(weights, sentence) + bias + likeness
    }
}

/// The weights of every label, of which the last is everything else.
fn learnt(all: &[Sentences]) -> Vec<ClassWeights> {
    let labels = all.len() - 1;
    let mean = all[..labels].iter().map(Vec::len).sum::<usize>() as f32 / labels as f32;
    let weight = |label: &Sentences| mean / label.len().max(FEWEST) as f32;
    let rows: Vec<&[f32]> = all.iter().flatten().map(Vec::as_slice).collect();
    learn(&Lesson {
        rows: matrix(rows.into_iter()),
        classes: all.iter().enumerate().flat_map(|(class, label)| label.iter().map(move |_| class)).collect(),
        weights: all.iter().flat_map(|label| label.iter().map(|_| weight(label))).collect(),
        class_count: all.len(),
        freedom: FREEDOM,
    })
}

/// What the flow's labels are not about.
fn everything_else(background: impl Iterator<Item = Sentences>, labels: &[Sentences], centre: &[f32]) -> Sentences {
    let centroids: Vec<Vec<f32>> = labels.iter().map(|label| centroid(label)).collect();
    let kept = background.filter_map(|matter| {
        let matter: Sentences = matter.iter().map(|sentence| centred(sentence, centre)).collect();
        (nearest(&centroids, &centroid(&matter)) <= SAME_MATTER).then_some(matter)
    });
    let kept: Sentences = kept.flatten().collect();
    let of = |sentences: &[&[f32]]| matrix(sentences.iter().copied());
    let examples: Vec<&[f32]> = labels.iter().flatten().map(Vec::as_slice).collect();
    let nearest = nearest_of(&of(&kept.iter().map(Vec::as_slice).collect::<Vec<_>>()), &of(&examples));
    kept.into_iter().zip(nearest).filter(|(_, nearest)| *nearest < SAME_SENTENCE).map(|(sentence, _)| sentence).collect()
}

fn nearest(examples: &[Vec<f32>], sentence: &[f32]) -> f32 {
    examples.iter().map(|example| dot(example, sentence)).fold(-1.0, f32::max)
}

fn centre_of<'e>(examples: impl Iterator<Item = &'e Embedding>) -> Vec<f32> {
    let mut centre: Vec<f32> = background().iter().map(|number| number * BACKGROUND_EXAMPLES).collect();
    let mut count = BACKGROUND_EXAMPLES;
    for sentence in examples {
        count += 1.0;
        centre.iter_mut().zip(sentence).for_each(|(sum, number)| *sum += number);
    }
    centre.iter_mut().for_each(|sum| *sum /= count);
    centre
}

fn centred(embedding: &[f32], centre: &[f32]) -> Vec<f32> {
    let mut moved: Vec<f32> = embedding.iter().zip(centre).map(|(number, mean)| number - mean).collect();
    normalise(&mut moved);
    moved
}

fn centroid(examples: &[Vec<f32>]) -> Vec<f32> {
    let mut sum = vec![0.0; EMBEDDING_WIDTH];
    examples.iter().for_each(|example| sum.iter_mut().zip(example).for_each(|(sum, number)| *sum += number));
    normalise(&mut sum);
    sum
}
