//! Which intent is it? A head built from example sentences when a flow is loaded, with calibrated scores.
//!
//! Examples that are not alike are faces of a label, and a label is as likely as its likeliest face.
//! Three views of a sentence and a face, on centred embeddings: ridge regression (tells near labels apart), cosine with the
//! label's centroid, cosine with its nearest example. A logistic function of the three and of the lead over the next label gives the
//! score: the probability that this label is right. Its five numbers were fitted on flows of 6 to 30 labels drawn at random from half of the labels of
//! CLINC150 (CC BY 3.0) and Bitext's support set (CDLA-Sharing 1.0), and judged on flows from the other half: first place right in
//! 98.5 % (labels of 8 to 15 examples) and 92.5 % (1 to 4 examples), calibration error 1.6 %, out-of-scope sentences below 0.5 in 90 %.

use crate::{
    embedder::{EMBEDDING_WIDTH, Embedding, dot, normalise},
    error::ModelError,
    linear::{logistic, ridge},
    weights::background,
};

/// The background counts as this many examples when the centre is computed: with few examples their own mean says little.
const BACKGROUND_EXAMPLES: f32 = 20.0;
/// Strength of the regression's regularisation.
const LAMBDA: f64 = 1.0;
/// Groups of a label's examples are one as long as they are this much alike on average (cosine, centred). Labels of one matter lie above 0.3; "something
/// else", which is many matters, lies at 0.07 and was right in 12 % as one whole and in 53 % in parts (600 sentences of Bitext's support set, on which the number was chosen), with the
/// other intents lower by up to 5 points; on 84 spoken sentences that nobody tuned to, parts changed nothing (33 right with and without).
const ALIKE: f32 = 0.1;
/// Faces with fewer examples than this have numbers of their own.
const MANY: usize = 5;

/// Weights of the score.
struct Calibration {
    ridge: f32,
    centroid: f32,
    nearest: f32,
    lead: f32,
    bias: f32,
}

const WITH_MANY: Calibration = Calibration { ridge: 6.4, centroid: 0.0, nearest: 7.8, lead: 4.8, bias: -6.86 };
const WITH_FEW: Calibration = Calibration { ridge: 3.3, centroid: 4.7, nearest: 4.0, lead: 4.1, bias: -4.7 };

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
    centre: Vec<f32>,
}

#[derive(Debug, Clone)]
struct Label {
    name: String,
    faces: Vec<Face>,
    examples: Vec<Vec<f32>>,
}

/// Examples of a label that are alike: "something else" is an invoice, a refund, a broken lamp.
#[derive(Debug, Clone)]
struct Face {
    members: Vec<usize>,
    regression: Vec<f32>,
    centroid: Vec<f32>,
}

/// A sentence seen by the face of a label that it fits best.
struct View {
    ridge: f32,
    centroid: f32,
    nearest: f32,
    size: usize,
}

impl View {
    fn strength(&self) -> f32 {
        self.ridge + self.centroid
    }
}

impl IntentHead {
    /// Builds a head from the embeddings of each label's example sentences.
    ///
    /// # Errors
    /// When there are not two labels with an example each.
    pub fn train(examples: &[(String, Vec<Embedding>)]) -> Result<Self, ModelError> {
        let labelled: Vec<_> = examples.iter().filter(|(_, sentences)| !sentences.is_empty()).collect();
        if labelled.len() < 2 {
            return Err(ModelError::TooFewExamples);
        }
        let all = || labelled.iter().flat_map(|(_, sentences)| sentences);
        let count = all().count() as f32;
        let mut centre: Vec<f32> = background().iter().map(|number| number * BACKGROUND_EXAMPLES).collect();
        all().for_each(|sentence| centre.iter_mut().zip(sentence).for_each(|(sum, number)| *sum += number));
        centre.iter_mut().for_each(|sum| *sum /= count + BACKGROUND_EXAMPLES);

        let mut labels: Vec<Label> = labelled.iter().map(|(name, sentences)| Label::new(name, sentences, &centre)).collect();
        let faces = || labels.iter().flat_map(|label| label.faces.iter().map(move |face| (label, face)));
        let rows: Vec<&[f32]> =
            faces().flat_map(|(label, face)| face.members.iter().map(|&member| label.examples[member].as_slice())).collect();
        let targets: Vec<usize> = faces().enumerate().flat_map(|(number, (_, face))| face.members.iter().map(move |_| number)).collect();
        let regressions = ridge(&rows, &targets, faces().count(), LAMBDA);
        for (face, regression) in labels.iter_mut().flat_map(|label| &mut label.faces).zip(regressions) {
            face.regression = regression;
        }
        Ok(Self { labels, centre })
    }

    /// All labels with their scores, best first. Out of scope is: none above the flow's threshold.
    #[must_use]
    pub fn scores(&self, embedding: &Embedding) -> Vec<LabelScore> {
        let sentence = centred(embedding, &self.centre);
        let views: Vec<View> = self.labels.iter().map(|label| label.view(&sentence)).collect();
        let mut scores: Vec<LabelScore> = views
            .iter()
            .enumerate()
            .map(|(index, view)| {
                let others = views.iter().enumerate().filter(|(other, _)| *other != index);
                let rival = others.map(|(_, other)| other.strength()).fold(f32::MIN, f32::max);
                let c = if view.size < MANY { WITH_FEW } else { WITH_MANY };
                let lead = view.strength() - rival;
                let sum = c.ridge * view.ridge + c.centroid * view.centroid + c.nearest * view.nearest + c.lead * lead + c.bias;
                LabelScore { label: self.labels[index].name.clone(), score: logistic(sum) }
            })
            .collect();
        scores.sort_by(|a, b| b.score.total_cmp(&a.score));
        scores
    }
}

impl Label {
    /// The label before its regressions are known.
    fn new(name: &str, sentences: &[Embedding], centre: &[f32]) -> Self {
        let examples: Vec<Vec<f32>> = sentences.iter().map(|sentence| centred(sentence, centre)).collect();
        let faces = faces_of(&examples).into_iter().map(|members| {
            let centroid = centroid(members.iter().map(|&member| &examples[member]));
            Face { members, regression: Vec::new(), centroid }
        });
        Self { name: name.to_owned(), faces: faces.collect(), examples }
    }

    fn view(&self, sentence: &[f32]) -> View {
        let nearest = self.examples.iter().map(|example| dot(example, sentence)).fold(-1.0, f32::max);
        let views = self.faces.iter().map(|face| View {
            ridge: dot(&face.regression, sentence),
            centroid: dot(&face.centroid, sentence),
            nearest,
            size: face.members.len(),
        });
        views.max_by(|a, b| a.strength().total_cmp(&b.strength())).expect("a label has an example, and so a face")
    }
}

/// The examples in groups that are alike: the two groups that are most alike on average are joined until none are alike enough.
fn faces_of(examples: &[Vec<f32>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..examples.len()).map(|index| vec![index]).collect();
    let likeness: Vec<Vec<f32>> = examples.iter().map(|a| examples.iter().map(|b| dot(a, b)).collect()).collect();
    let mean = |a: &[usize], b: &[usize]| {
        let sum: f32 = a.iter().flat_map(|&i| b.iter().map(move |&j| (i, j))).map(|(i, j)| likeness[i][j]).sum();
        sum / (a.len() * b.len()) as f32
    };
    loop {
        let pairs = (0..groups.len()).flat_map(|a| (a + 1..groups.len()).map(move |b| (a, b)));
        let best = pairs.map(|(a, b)| (mean(&groups[a], &groups[b]), a, b)).max_by(|x, y| x.0.total_cmp(&y.0));
        match best {
            Some((likeness, a, b)) if likeness >= ALIKE => {
                let joined = groups.swap_remove(b);
                groups[a].extend(joined);
            }
            _ => return groups,
        }
    }
}

fn centred(embedding: &[f32], centre: &[f32]) -> Vec<f32> {
    let mut moved: Vec<f32> = embedding.iter().zip(centre).map(|(number, mean)| number - mean).collect();
    normalise(&mut moved);
    moved
}

fn centroid<'e>(examples: impl Iterator<Item = &'e Vec<f32>>) -> Vec<f32> {
    let mut sum = vec![0.0; EMBEDDING_WIDTH];
    examples.for_each(|example| sum.iter_mut().zip(example).for_each(|(sum, number)| *sum += number));
    normalise(&mut sum);
    sum
}
