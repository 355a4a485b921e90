//! Files that people write (flows, configuration): YAML with a place for every mistake, and every mistake in one go.
//!
//! serde stops at the first error. [`read`] therefore parses the text into a [`Tree`] once, with the place of every node, and deserialises from that; where
//! serde fails, the mistake is noted, the part that failed is cut out, and it goes on. What the types cannot know (unknown names, bad hours) is checked by the caller,
//! who names the place by its [`Path`].

mod de;
mod mistake;
mod tree;

pub use mistake::Mistake;
pub(crate) use mistake::{did_you_mean, nearest};
pub use tree::{Key, Path, Place, Tree};

use serde::de::DeserializeOwned;

use crate::yaml::de::Repair;

/// Mistakes after which reading gives up: a file with more than this is not the kind of file that was meant.
const MOST_MISTAKES: usize = 200;

/// What was read, and everything that is wrong with it.
#[derive(Debug)]
pub struct Read<T> {
    /// The value, without the parts that could not be read; none if nothing of it could.
    pub value: Option<T>,
    /// Where everything is.
    pub tree: Tree,
    /// What is wrong with the form.
    pub mistakes: Vec<Mistake>,
    /// Parts that were cut out: names that are declared there must not be called unknown.
    pub cut: Vec<Path>,
}

/// Reads `text` as a `T`. `file` only names the file in mistakes.
///
/// # Errors
/// The one mistake after which there is no tree: the text is not YAML.
pub fn read<T: DeserializeOwned>(text: &str, file: &str) -> Result<Read<T>, Box<Mistake>> {
    let tree = Tree::parse(text, file)?;
    let mut pruned = tree.clone();
    let (mut mistakes, mut cut) = (Vec::new(), Vec::<Path>::new());
    let mut value = None;
    while mistakes.len() < MOST_MISTAKES {
        let fault = match T::deserialize(de::Reader::new(&pruned.root)) {
            Ok(read) => {
                value = Some(read);
                break;
            }
            Err(fault) => fault,
        };
        // What is missing because it was cut out has been complained of already.
        let missing = fault.missing().is_some_and(|key| cut.contains(&fault.path().clone().key(key)));
        let emptied = fault.is_form() && cut.iter().any(|cut| cut.is_under(fault.path()));
        if !missing && !emptied {
            mistakes.push(fault.mistake(&tree));
        }
        let gone = fault.cut();
        // What was plainly meant is read as that, so that what depends on it is checked all the same.
        let repaired = match fault.repair() {
            Some(Repair::Rename(name)) => pruned.rename(&gone, name),
            Some(Repair::Number) => pruned.replace_by_number(&gone),
            None => false,
        };
        if !repaired && (gone.is_root() || !pruned.remove(&gone)) {
            break;
        }
        cut.push(gone);
    }
    Ok(Read { value, tree, mistakes, cut })
}

impl<T> Read<T> {
    /// Was the part at `path`, or what holds it, cut out because its form was wrong?
    #[must_use]
    pub fn was_cut(&self, path: &Path) -> bool {
        self.cut.iter().any(|cut| cut == path)
    }
}
