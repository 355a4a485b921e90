//! Agents: their queues, and where they are rung.

use std::{collections::BTreeSet, sync::Arc};

use super::Checker;
use crate::{
    call::flow::Flow,
    config::{AgentConfig, BROWSER, ConfigFile, Transfer},
    desk::BEST,
    screen_pop::{PopFor, ScreenPops},
    trunk::Route,
    yaml::{self, Path},
};

/// Nobody waits longer.
const MOST_OVERFLOW_S: u64 = 7_200;

/// No queue of another telephone system is offered more calls at once.
const MOST_CAPACITY: usize = 500;

impl Checker<'_> {
    /// Agents and the queues that they serve.
    pub(in crate::config) fn people(&mut self, file: &ConfigFile, routes: &[(Route, Vec<Arc<Flow>>)]) {
        let queues: BTreeSet<&str> =
            routes.iter().flat_map(|(_, flows)| flows).flat_map(|flow| flow.queues.keys().map(String::as_str)).collect();
        for (id, agent) in &file.agents {
            let at = Path::of(&["agents", id]);
            self.ring_at(id, agent, file);
            self.capacity(id, agent);
            if agent.name.trim().is_empty() {
                self.wrong(&at.clone().key("name"), "the name is empty", Some("callers hear it"));
            }
            for (index, queue) in agent.queues.iter().enumerate() {
                // Without a readable flow nothing is known of queues.
                if !queues.contains(queue.as_str()) && !queues.is_empty() {
                    let hint = yaml::did_you_mean(queue, queues.iter().copied());
                    self.wrong(&at.clone().key("queues").item(index), format!("no flow has a queue `{queue}`"), hint.as_deref());
                }
            }
            for (queue, level) in &agent.levels {
                let path = at.clone().key("levels").key(queue);
                if !agent.queues.contains(queue) {
                    self.wrong(&path, format!("`{queue}` is not among this agent's `queues`"), None);
                }
                if !(1..=BEST).contains(level) {
                    self.wrong(&path, format!("{level} is not between 1 and {BEST}"), None);
                }
            }
        }
        for (queue, over) in &file.desk.overflow {
            let at = Path::of(&["desk", "overflow", queue]);
            for (path, name) in [(at.clone(), queue), (at.clone().key("to"), &over.to)] {
                if !queues.contains(name.as_str()) && !queues.is_empty() {
                    let hint = yaml::did_you_mean(name, queues.iter().copied());
                    self.wrong(&path, format!("no flow has a queue `{name}`"), hint.as_deref());
                }
            }
            if *queue == over.to {
                self.wrong(&at.clone().key("to"), format!("`{queue}` cannot help itself"), None);
            }
            if over.after_s > MOST_OVERFLOW_S {
                self.wrong(&at.key("after_s"), format!("{} is more than {MOST_OVERFLOW_S}", over.after_s), None);
            }
        }
        self.callbacks(file);
        self.service_levels(file, &queues);
        self.screen_pops(file);
        let served: BTreeSet<&str> = file.agents.values().flat_map(|agent| agent.queues.iter().map(String::as_str)).collect();
        let nobody: Vec<&str> = queues.difference(&served).copied().collect();
        if !nobody.is_empty() && !self.was_hurt(&Path::of(&["agents"])) {
            self.wrong(
                &Path::of(&["agents"]),
                format!("nobody serves: {}", nobody.join(", ")),
                Some("add these queues to somebody's `queues`"),
            );
        }
    }

    /// How callbacks are kept.
    fn callbacks(&mut self, file: &ConfigFile) {
        let (from, at) = (&file.desk.callbacks, |key| Path::of(&["desk", "callbacks", key]));
        if let Some(trunk) = from.trunk.as_ref().filter(|trunk| !file.trunks.contains_key(*trunk)) {
            let hint = yaml::did_you_mean(trunk, file.trunks.keys().map(String::as_str));
            self.wrong(&at("trunk"), format!("there is no trunk `{trunk}`"), hint.as_deref());
        }
        for (key, value, most) in
            [("tries", u64::from(from.tries), 20), ("again_s", from.again_s, 86_400), ("expire_hours", from.expire_hours, 24 * 30)]
        {
            if !(1..=most).contains(&value) {
                self.wrong(&at(key), format!("{value} is not between 1 and {most}"), None);
            }
        }
    }

    /// What queues promise.
    fn service_levels(&mut self, file: &ConfigFile, queues: &BTreeSet<&str>) {
        for (queue, level) in &file.desk.service_levels {
            let at = Path::of(&["desk", "service_levels", queue]);
            if !queues.contains(queue.as_str()) && !queues.is_empty() {
                let hint = yaml::did_you_mean(queue, queues.iter().copied());
                self.wrong(&at, format!("no flow has a queue `{queue}`"), hint.as_deref());
            }
            for (key, value, most) in [("percent", level.percent, 100), ("within_s", level.within_s, 3_600)] {
                if !(1..=most).contains(&value) {
                    self.wrong(&at.clone().key(key), format!("{value} is not between 1 and {most}"), None);
                }
            }
        }
    }

    /// Addresses that desks open.
    fn screen_pops(&mut self, file: &ConfigFile) {
        let agents =
            file.agents.iter().filter_map(|(id, agent)| Some((Path::of(&["agents", id, "screen_pop"]), agent.screen_pop.as_ref()?)));
        let queues = file.desk.screen_pops.iter().map(|(queue, address)| (Path::of(&["desk", "screen_pops", queue]), address));
        for (at, address) in agents.chain(queues) {
            if let Err(why) = ScreenPops::default().add(PopFor::Queue(String::new()), address) {
                self.wrong(&at, why, Some("write it like `https://crm.example.com/find?tel={{ caller }}`"));
            }
        }
    }

    /// How many calls they take at once.
    fn capacity(&mut self, id: &str, agent: &AgentConfig) {
        let at = Path::of(&["agents", id, "capacity"]);
        if !(1..=MOST_CAPACITY).contains(&agent.capacity) {
            self.wrong(&at, format!("{} is not between 1 and {MOST_CAPACITY}", agent.capacity), None);
        } else if agent.capacity > 1 && agent.target == BROWSER {
            let hint = "leave it out; `capacity` is for a queue or hunt group of another telephone system";
            self.wrong(&at, "an agent's page takes one call at a time", Some(hint));
        }
    }

    /// Where an agent is rung.
    fn ring_at(&mut self, id: &str, agent: &AgentConfig, file: &ConfigFile) {
        let at = |key| Path::of(&["agents", id, key]);
        let target = agent.target.as_str();
        let address = ["sip:", "sips:"].iter().any(|scheme| target.strip_prefix(scheme).is_some_and(|rest| rest.len() > 2));
        let number = agent.via.is_some()
            && target != BROWSER
            && !target.is_empty()
            && target.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+*#-_.".contains(&byte));
        if !address && !number && !agent.registers() && target != BROWSER {
            let hint = "write it like `sip:maria@192.0.2.7`, or `registered` if the telephone registers with us, or `browser` for the agent's page";
            self.wrong(&at("target"), format!("“{target}” is no SIP address"), Some(hint));
        }
        if let Some(via) = agent.via.as_ref().filter(|via| !file.trunks.contains_key(*via)) {
            let hint = yaml::did_you_mean(via, file.trunks.keys().map(String::as_str));
            if !self.read.was_cut(&Path::of(&["trunks", via])) {
                self.wrong(&at("via"), format!("no trunk `{via}`"), hint.as_deref().or(Some("there is nothing under `trunks:`")));
            }
        }
        if (agent.registers() || target == BROWSER) && agent.via.is_some() {
            self.wrong(&at("via"), "a page, or a telephone that registers with us, is rung straight", Some("leave `via` out"));
        }
        if (agent.registers() || target == BROWSER) && agent.transfer != Transfer::Bridge {
            self.wrong(&at("transfer"), "only we reach a page, or a telephone that registers with us", Some("leave `transfer` out"));
        }
        if let Some(may_call) = agent.may_call.as_ref().filter(|may_call| !file.trunks.contains_key(&may_call.via)) {
            let hint = yaml::did_you_mean(&may_call.via, file.trunks.keys().map(String::as_str));
            self.wrong(&at("may_call").key("via"), format!("no trunk `{}`", may_call.via), hint.as_deref());
        }
        if agent.registers() && !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
            let hint = "use letters, digits, `-`, `_` and `.` alone";
            self.wrong(&Path::of(&["agents", id]), format!("`{id}` cannot be the user of a telephone"), Some(hint));
        }
    }
}
