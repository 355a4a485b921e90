//! The nodes together: unreachable ones, loops that never listen, and the way to a human.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    call::flow::{check::Checker, definition::NodeDef},
    yaml::{self, Path},
};

impl<'a> Checker<'a> {
    pub(super) fn graph(&mut self) {
        let definition = self.definition;
        let starts = definition.intents.values().map(|intent| intent.go.as_str()).chain(definition.begin.as_deref());
        let reached = reach(starts, &definition.nodes);
        for name in definition.nodes.keys().filter(|name| !reached.contains(name.as_str())) {
            self.wrong_key(
                &Path::of(&["nodes", name]),
                format!("the node `{name}` is never reached"),
                Some("let an intent or another node go there, or remove it"),
            );
        }
        // What was cut out could have been the way.
        let human = reached.iter().any(|name| definition.nodes[*name].human.is_some());
        if !human && self.read.cut.is_empty() {
            let hint = "let an intent lead to a node with `human:`";
            self.wrong_key(&Path::of(&["nodes"]), "no way through the flow leads to a human", Some(hint));
        }
        for ring in loops(&definition.nodes) {
            let Some(first) = ring.first() else { continue };
            let shown = ring.iter().chain([first]).copied().collect::<Vec<_>>().join(" → ");
            self.wrong_key(
                &Path::of(&["nodes", first]),
                format!("a loop that never listens: {shown}"),
                Some("the caller must get a word in: end one of them without `next`"),
            );
        }
    }
}

fn reach<'a>(starts: impl Iterator<Item = &'a str>, nodes: &'a BTreeMap<String, NodeDef>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = starts.collect();
    while let Some(name) = open.pop() {
        // A mistyped name is complained of where it stands; what it meant is reached all the same.
        let meant = if nodes.contains_key(name) { Some(name) } else { yaml::nearest(name, nodes.keys().map(String::as_str)) };
        let Some((name, node)) = meant.and_then(|name| nodes.get_key_value(name)) else { continue };
        if reached.insert(name.as_str()) {
            open.extend(node.targets().into_iter().map(|(_, _, target)| target));
        }
    }
    reached
}

/// Rings of nodes in which the caller is never heard. A slot that is known is not asked for again, so that `ask` does not count; a look-up does: it waits, and
/// is capped.
fn loops(nodes: &BTreeMap<String, NodeDef>) -> Vec<Vec<&str>> {
    let mut rings = Vec::new();
    let mut done = BTreeSet::new();
    for start in nodes.keys() {
        let mut way = Vec::new();
        follow(start, nodes, &mut way, &mut done, &mut rings);
    }
    rings
}

fn follow<'a>(
    name: &'a str,
    nodes: &'a BTreeMap<String, NodeDef>,
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
    rings: &mut Vec<Vec<&'a str>>,
) {
    if let Some(at) = way.iter().position(|step| *step == name) {
        rings.push(way[at..].to_vec());
        return;
    }
    let Some(node) = nodes.get(name) else { return };
    if node.lookup.is_some() || !done.insert(name) {
        return;
    }
    way.push(name);
    for (_, _, target) in node.targets() {
        follow(target, nodes, way, done, rings);
    }
    way.pop();
}
