//! Routes: their conditions, and the flows that they lead to.

use std::{collections::BTreeMap, io, path::Path as FilePath, sync::Arc};

use super::Checker;
use crate::{
    call::{
        flow::{Flow, hours, zone},
        language::{self, Languages},
    },
    config::{ConfigFile, HoursConfig, RouteConfig},
    trunk::{ANY, Route, Window},
    yaml::{self, Path},
};

impl Checker<'_> {
    /// Reads the routes and their flows, and gives the flows the addresses of their services.
    pub(in crate::config) fn routes(
        &mut self,
        file: &ConfigFile,
        folder: &FilePath,
        open: &dyn Fn(&FilePath) -> io::Result<String>,
        languages: &Languages,
    ) -> Vec<(Route, Vec<Arc<Flow>>)> {
        let mut routes = Vec::new();
        let mut read: BTreeMap<&FilePath, Option<Arc<Flow>>> = BTreeMap::new();
        if file.routes.is_empty() && !self.read.was_cut(&Path::of(&["routes"])) {
            self.wrong(&Path::of(&["routes"]), "no route: every call would be refused", Some("add one with `called: \"*\"` and a `flow`"));
        }
        let conditions: Vec<Option<Route>> =
            file.routes.iter().enumerate().map(|(index, route)| self.conditions(index, route, file)).collect();
        self.in_the_shade(&conditions);
        for ((index, route), conditions) in file.routes.iter().enumerate().zip(conditions) {
            let at = Path::of(&["routes"]).item(index);
            let others = route.other_languages.iter().enumerate();
            let others = others.map(|(other, path)| (path, at.clone().key("other_languages").item(other)));
            let mut flows: Vec<Arc<Flow>> = Vec::new();
            for (path, at) in std::iter::once((&route.flow, at.clone().key("flow"))).chain(others) {
                let flow = match read.get(path.as_path()) {
                    Some(known) => known.clone(),
                    None => {
                        let full = folder.join(path);
                        let text = self.text(&full, &at, open);
                        let flow = text.and_then(|text| self.flow(&full, &text, file, languages));
                        read.insert(path, flow.clone());
                        flow
                    }
                };
                if let Some(same) = flow.as_ref().and_then(|flow| flows.iter().find(|before| before.language == flow.language)) {
                    let message = format!("{} has the language `{}`, too", path.display(), same.language);
                    self.wrong(&at, message, Some("the caller's first words must tell which flow to take"));
                }
                flows.extend(flow);
            }
            // Where conditions are none, there is a mistake, and no configuration comes of it; but the queues of the flow are known.
            if !flows.is_empty() {
                routes.push((conditions.unwrap_or_default(), flows));
            }
        }
        routes
    }

    /// What a route asks of a call; none if that is wrong.
    fn conditions(&mut self, index: usize, route: &RouteConfig, file: &ConfigFile) -> Option<Route> {
        let at = Path::of(&["routes"]).item(index);
        let trunks = self.trunk_names(&at.clone().key("trunk"), &route.trunk.0, file);
        let hours = match &route.hours {
            None => Some(None),
            Some(hours) => self.window(&at.key("hours"), hours).map(Some),
        };
        let (called, caller) = (route.called.clone(), route.caller.clone());
        trunks.zip(hours).map(|(trunks, hours)| Route { trunks, called, caller, hours })
    }

    fn trunk_names(&mut self, at: &Path, names: &[String], file: &ConfigFile) -> Option<Vec<String>> {
        let mut known = true;
        for name in names.iter().filter(|name| !file.trunks.contains_key(*name)) {
            known = false;
            let hint = match (name.as_str(), file.trunks.is_empty()) {
                (ANY, _) => Some("leave `trunk` out: then calls of every trunk fit".to_owned()),
                (_, true) => Some("there is nothing under `trunks:`".to_owned()),
                (_, false) => yaml::did_you_mean(name, file.trunks.keys().map(String::as_str)),
            };
            // A trunk that could not be read is known all the same.
            if !self.read.was_cut(&Path::of(&["trunks", name])) {
                self.wrong(at, format!("no trunk `{name}`: this route would take no call"), hint.as_deref());
            }
        }
        known.then(|| names.to_vec())
    }

    fn window(&mut self, at: &Path, hours: &HoursConfig) -> Option<Window> {
        let days = self.days(&at.clone().key("days"), &hours.days);
        let mut time = |key: &str, text: &str| {
            hours::clock_time(text).map_err(|message| self.wrong(&at.clone().key(key), message, Some("a day ends at \"24:00\""))).ok()
        };
        let (from, to) = (time("from", &hours.from), time("to", &hours.to));
        let zone = zone(&hours.time_zone);
        if zone.is_none() {
            let hint = "write a zone like `Europe/Bucharest` or an offset like \"+02:00\"";
            self.wrong(&at.clone().key("time_zone"), format!("`{}` is no time zone", hours.time_zone), Some(hint));
        }
        Window::new(days?, from?, to?, zone?).map_err(|bad| self.wrong(at, bad.to_string(), None)).ok()
    }

    fn days(&mut self, at: &Path, texts: &[String]) -> Option<[bool; 7]> {
        let english = &language::english().lexicon;
        let (mut days, mut good) = ([texts.is_empty(); 7], true);
        for (index, text) in texts.iter().enumerate() {
            match hours::weekday_range(&text.replace("..", "-"), english) {
                Some(range) => range.into_iter().for_each(|day| days[day] = true),
                None => {
                    good = false;
                    self.wrong(&at.clone().item(index), format!("“{text}” is no day"), Some("write `mon`, `sat` or `mon..fri`"));
                }
            }
        }
        good.then_some(days)
    }

    /// A route behind one that takes all its calls is a slip of the order.
    fn in_the_shade(&mut self, routes: &[Option<Route>]) {
        for (index, route) in routes.iter().enumerate() {
            let Some(route) = route else { continue };
            let before = routes[..index].iter().position(|before| before.as_ref().is_some_and(|before| before.leaves_nothing_for(route)));
            if let Some(before) = before {
                let message = format!("this route takes no call: routes[{before}] takes all of them before it");
                self.wrong(
                    &Path::of(&["routes"]).item(index),
                    message,
                    Some("the first route that fits is taken: put the narrower one first"),
                );
            }
        }
    }

    fn text(&mut self, path: &FilePath, at: &Path, open: &dyn Fn(&FilePath) -> io::Result<String>) -> Option<String> {
        open(path).map_err(|error| self.wrong(at, format!("{}: {error}", path.display()), None)).ok()
    }

    fn flow(&mut self, path: &FilePath, text: &str, file: &ConfigFile, languages: &Languages) -> Option<Arc<Flow>> {
        let name = path.display().to_string();
        let flow = Flow::parse_in(text, &name, languages).map_err(|mistakes| self.in_flows.extend(mistakes)).ok()?;
        match flow.bind(&file.services) {
            Ok(flow) => Some(Arc::new(flow)),
            Err(missing) => {
                self.wrong(
                    &Path::of(&["services"]),
                    format!("{name} needs the address of: {}", missing.join(", ")),
                    Some("add it under `services:`"),
                );
                None
            }
        }
    }
}
