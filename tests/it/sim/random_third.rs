//! Agents of random calls who call a third person in.

use warmline::call::event::{AgentChoice, TransferTo};

use super::{
    agents::{Agent, Does, Moment},
    prng::Prng,
};

/// Once they have the caller they call somebody in, and then do something with them.
pub(super) fn with_a_third(random: &mut Prng, agent: Agent) -> Agent {
    let queue = TransferTo::Queue { queue: "complaints".to_owned() };
    let number = TransferTo::Number { number: "+4021".to_owned(), target: "via:isp/021".to_owned(), replaces: None };
    let first = match random.below(4) {
        0 | 1 => AgentChoice::Consult { to: queue },
        2 => AgentChoice::Consult { to: number },
        _ => AgentChoice::Add { to: number },
    };
    let mut agent = agent.does(Moment::Bridged, random.below(3_000), Does::Page(first));
    for _ in 0..1 + random.below(3) {
        let next = random.pick(&[
            Does::Page(AgentChoice::Conference),
            Does::Page(AgentChoice::Conference),
            Does::Page(AgentChoice::Complete),
            Does::Page(AgentChoice::Part),
            Does::Page(AgentChoice::Hold),
            Does::Page(AgentChoice::Resume),
            Does::HangUp,
            Does::IsLost,
        ]);
        agent = agent.does(Moment::Bridged, 3_000 + random.below(20_000), next.clone());
    }
    agent
}
