//! Who hears whom when people talk with each other: the caller, their agent, perhaps a third person, perhaps a supervisor. Whatever the brain states of a
//! conversation comes out of here, so that this is the one place where a promise about ears can be broken.

use crate::call::{
    ids::LegId,
    media::patch::{Ear, Patch, Under},
};

/// What an agent has done to the line between them and the caller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Line {
    /// The caller hears music, and nobody hears them.
    pub held: bool,
    /// Nobody hears the agent.
    pub muted: bool,
}

/// How far a third person is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With {
    /// The agent alone hears them, and they hear the agent alone.
    Agent,
    /// All hear each other, except whom the agent holds.
    Everybody,
}

/// How a supervisor follows a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// They hear what is said, and nobody hears them.
    Listening,
    /// Beside that, the agent alone hears them.
    Whispering,
    /// They talk with everybody.
    Joined,
}

/// The people of one conversation whose legs are up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// The agent who has the caller.
    pub agent: LegId,
    /// What they have done to the line.
    pub line: Line,
    /// Somebody whom they have called in.
    pub third: Option<(LegId, With)>,
    /// Somebody who watches over them.
    pub supervisor: Option<(LegId, Follows)>,
    /// The agent hears that somebody's telephone rings.
    pub rings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Caller,
    Agent,
    Third,
    Supervisor,
}

impl Round {
    /// The whole of who hears whom; nobody is listened to by machines.
    #[must_use]
    pub fn patch(&self) -> Patch {
        let people = self.people();
        let ear = |(leg, who): (LegId, Who)| {
            let hears = people.iter().filter(|(_, other)| self.hears(who, *other)).map(|(leg, _)| *leg).collect();
            Ear { leg, hears, under: self.under(who) }
        };
        Patch { ears: people.iter().copied().map(ear).collect(), ..Patch::default() }
    }

    fn people(&self) -> Vec<(LegId, Who)> {
        let third = self.third.map(|(leg, _)| (leg, Who::Third));
        let supervisor = self.supervisor.map(|(leg, _)| (leg, Who::Supervisor));
        [Some((LegId::CALLER, Who::Caller)), Some((self.agent, Who::Agent)), third, supervisor].into_iter().flatten().collect()
    }

    fn under(&self, who: Who) -> Under {
        match who {
            Who::Caller if self.line.held => Under::Hold,
            Who::Agent if self.rings => Under::Ringback,
            Who::Caller | Who::Agent | Who::Third | Who::Supervisor => Under::Nothing,
        }
    }

    fn hears(&self, ear: Who, mouth: Who) -> bool {
        if ear == mouth || (mouth == Who::Agent && self.line.muted) {
            return false;
        }
        match (ear, mouth) {
            (Who::Supervisor, _) => self.supervisor_hears(mouth),
            (_, Who::Supervisor) => self.hears_supervisor(ear),
            (Who::Caller, Who::Agent) | (Who::Agent, Who::Caller) => !self.line.held,
            (Who::Caller, Who::Third) | (Who::Third, Who::Caller) => !self.line.held && self.is_open(),
            (Who::Agent, Who::Third) | (Who::Third, Who::Agent) => true,
            (Who::Caller, Who::Caller) | (Who::Agent, Who::Agent) | (Who::Third, Who::Third) => false,
        }
    }

    /// The third person is in for everybody.
    fn is_open(&self) -> bool {
        self.third.is_some_and(|(_, with)| with == With::Everybody)
    }

    fn follows(&self) -> Option<Follows> {
        self.supervisor.map(|(_, follows)| follows)
    }

    fn hears_supervisor(&self, ear: Who) -> bool {
        match self.follows() {
            None | Some(Follows::Listening) => false,
            Some(Follows::Whispering) => ear == Who::Agent,
            Some(Follows::Joined) => match ear {
                Who::Caller => !self.line.held,
                // Whom the agent vets hears nobody else yet.
                Who::Third => self.is_open() || self.line.held,
                Who::Agent => true,
                Who::Supervisor => false,
            },
        }
    }

    /// A supervisor hears what one of the others hears: neither whoever is on hold or muted, nor an agent whom nobody else hears.
    fn supervisor_hears(&self, mouth: Who) -> bool {
        let others = self.people().into_iter().map(|(_, who)| who).filter(|who| *who != Who::Supervisor);
        let mut others = others.filter(|ear| *ear != mouth);
        others.any(|ear| self.hears(ear, mouth)) || (self.follows() == Some(Follows::Joined) && mouth == Who::Agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: LegId = LegId(1);
    const THIRD: LegId = LegId(2);
    const SUPERVISOR: LegId = LegId(3);

    fn round() -> Round {
        Round { agent: AGENT, line: Line::default(), third: None, supervisor: None, rings: false }
    }

    /// Whom a leg hears, as figures.
    fn heard_by(round: &Round, leg: LegId) -> Vec<u32> {
        let patch = round.patch();
        patch.ears.iter().find(|ear| ear.leg == leg).map(|ear| ear.hears.iter().map(|leg| leg.0).collect()).unwrap_or_default()
    }

    #[test]
    fn a_consultation_is_private_and_a_conference_is_not() {
        let held = Line { held: true, muted: false };
        let private = Round { line: held, third: Some((THIRD, With::Agent)), ..round() };
        assert_eq!((heard_by(&private, AGENT), heard_by(&private, THIRD)), (vec![2], vec![1]));
        assert_eq!(heard_by(&private, LegId::CALLER), [0; 0]);
        let all = Round { third: Some((THIRD, With::Everybody)), ..round() };
        assert_eq!((heard_by(&all, LegId::CALLER), heard_by(&all, AGENT), heard_by(&all, THIRD)), (vec![1, 2], vec![0, 2], vec![0, 1]));
        let vetted = Round { third: Some((THIRD, With::Agent)), ..round() };
        assert_eq!((heard_by(&vetted, LegId::CALLER), heard_by(&vetted, AGENT), heard_by(&vetted, THIRD)), (vec![1], vec![0, 2], vec![1]));
    }

    #[test]
    fn a_supervisor_is_heard_by_whom_they_mean_to() {
        let with = |follows| Round { supervisor: Some((SUPERVISOR, follows)), ..round() };
        for (follows, caller, agent) in
            [(Follows::Listening, vec![1], vec![0]), (Follows::Whispering, vec![1], vec![0, 3]), (Follows::Joined, vec![1, 3], vec![0, 3])]
        {
            let round = with(follows);
            assert_eq!((heard_by(&round, LegId::CALLER), heard_by(&round, AGENT)), (caller, agent), "{follows:?}");
            assert_eq!(heard_by(&round, SUPERVISOR), [0, 1], "{follows:?}");
        }
    }

    #[test]
    fn nobody_hears_what_they_must_not_whatever_the_agent_does() {
        let thirds = [None, Some((THIRD, With::Agent)), Some((THIRD, With::Everybody))];
        let supervisors = [None, Some(Follows::Listening), Some(Follows::Whispering), Some(Follows::Joined)];
        for (held, muted, third, follows) in every_case(&thirds, &supervisors) {
            let round = Round { line: Line { held, muted }, third, supervisor: follows.map(|how| (SUPERVISOR, how)), ..round() };
            let hears = |ear: LegId, mouth: LegId| heard_by(&round, ear).contains(&mouth.0);
            let legs = [LegId::CALLER, AGENT, THIRD, SUPERVISOR];
            assert!(legs.iter().all(|leg| !hears(*leg, *leg)), "nobody hears themselves: {round:?}");
            if held {
                assert_eq!(heard_by(&round, LegId::CALLER), [0; 0], "{round:?}");
                assert!(legs.iter().all(|leg| !hears(*leg, LegId::CALLER)), "{round:?}");
            }
            if muted {
                assert!(legs.iter().all(|leg| !hears(*leg, AGENT)), "{round:?}");
            }
            if !matches!(third, Some((_, With::Everybody))) {
                assert!(!hears(LegId::CALLER, THIRD) && !hears(THIRD, LegId::CALLER), "{round:?}");
            }
            let caller_hears = hears(LegId::CALLER, SUPERVISOR);
            assert_eq!(caller_hears, follows == Some(Follows::Joined) && !held, "{round:?}");
            if follows == Some(Follows::Whispering) {
                assert!(hears(AGENT, SUPERVISOR) && !hears(THIRD, SUPERVISOR), "{round:?}");
            }
            if matches!(follows, None | Some(Follows::Listening)) {
                assert!(legs.iter().all(|leg| !hears(*leg, SUPERVISOR)), "{round:?}");
            }
        }
    }

    type Case = (bool, bool, Option<(LegId, With)>, Option<Follows>);

    fn every_case(thirds: &[Option<(LegId, With)>], supervisors: &[Option<Follows>]) -> Vec<Case> {
        let mut all = Vec::new();
        for held in [false, true] {
            for muted in [false, true] {
                for third in thirds {
                    all.extend(supervisors.iter().map(|follows| (held, muted, *third, *follows)));
                }
            }
        }
        all
    }

    #[test]
    fn two_alone_are_as_they_always_were() {
        let patch = round().patch();
        assert_eq!(patch.ears.len(), 2);
        assert_eq!((heard_by(&round(), LegId::CALLER), heard_by(&round(), AGENT)), (vec![1], vec![0]));
    }
}
