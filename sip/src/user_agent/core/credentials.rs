//! Answering challenges to our own requests (RFC 3261 §22.2, §22.3). Credentials go to the peer that they belong to and to nobody else.

use std::time::Instant;

use super::super::event::LegId;
use super::super::lines::Account;
use super::client::{ClientTx, Purpose};
use super::{Core, Hop, TxId};
use crate::auth::{Session, challenges, strongest};
use crate::message::{Method, RequestParts, Response};
use crate::uri::NameAddr;

/// Challenges that one request may meet on its way: some proxies, the far end, and a nonce that was too old.
const MAX_TRIES: usize = 4;

/// Which challenge is in use: of which account, and whether of a proxy or of the far end.
pub(super) type SessionKey = (usize, bool);

/// A challenge that a request was answered to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tried {
    proxy: bool,
    realm: String,
}

fn header(proxy: bool) -> &'static str {
    if proxy { "Proxy-Authorization" } else { "Authorization" }
}

/// The credentials that a request carries.
pub(super) fn credentials_of(parts: &RequestParts) -> Vec<(String, String)> {
    parts.extra.iter().filter(|(name, _)| [header(false), header(true)].contains(&name.as_str())).cloned().collect()
}

impl Core {
    /// Sends a request again with credentials, if its final response is a challenge that may and can be answered.
    pub(super) fn answer_challenge(&mut self, now: Instant, id: TxId, response: &Response) -> bool {
        let (proxy, field) = match response.status {
            401 => (false, "WWW-Authenticate"),
            407 => (true, "Proxy-Authenticate"),
            _ => return false,
        };
        let Some(tx) = self.clients.get(&id) else { return false };
        let purpose = tx.purpose;
        let account = self.account_for(id, tx);
        let Some(index) = account.filter(|_| tx.tried.len() < MAX_TRIES && !matches!(tx.parts.method, Method::Cancel | Method::Ack)) else {
            return false;
        };
        let (mut parts, mut tried) = (tx.parts.clone(), tx.tried.clone());
        let account = &self.config.accounts[index];
        let Some(challenge) = strongest(&challenges(response.headers.all(field)), account.realm.as_deref(), &account.password) else {
            return false;
        };
        // A second challenge of one realm says that the password is wrong, unless only the nonce was too old, and that once.
        let step = Tried { proxy, realm: challenge.realm.clone() };
        let times = tried.iter().filter(|known| **known == step).count();
        if times > usize::from(challenge.stale) {
            return false;
        }
        tried.push(step);
        let key = (index, proxy);
        // The peer may use one nonce many times: then its count goes on (RFC 7616 §3.4).
        if self.sessions.get(&key).is_none_or(|known| known.challenge().nonce != challenge.nonce) {
            let session = Session::new(challenge.clone(), self.token());
            self.sessions.insert(key, session);
        }
        let same_realm = format!("realm=\"{}\"", challenge.realm);
        parts.extra.retain(|(name, value)| name != header(proxy) || !value.contains(&same_realm));
        let Some(credentials) = self.credentials(key, &parts.method, &parts.uri) else { return false };
        parts.extra.push(credentials);
        parts.cseq = self.next_cseq(purpose, &parts);
        self.retry_client(now, id, parts, tried);
        true
    }

    /// The header that answers the challenge in use for the next request.
    pub(super) fn credentials(&mut self, key: SessionKey, method: &Method, uri: &str) -> Option<(String, String)> {
        let (session, account) = (self.sessions.get_mut(&key)?, self.config.accounts.get(key.0)?);
        let value = session.answer(&account.user, &account.password, method.as_str(), uri)?;
        Some((header(key.1).to_owned(), value))
    }

    /// The account for a request that went to this hop; `None` if nobody there may see credentials, or the request is not wanted any more.
    fn account_for(&self, id: TxId, tx: &ClientTx) -> Option<usize> {
        let leg = self.leg_of(&tx.parts).and_then(|id| self.legs.get(&id));
        // A call that was given up, or that somebody else has, need not be tried again; its BYE must be.
        let wanted = match tx.purpose {
            Purpose::Dial(_) => leg.is_some_and(|leg| leg.rings_at(id)),
            Purpose::Abandoned { .. } => false,
            Purpose::Reinvite(_)
            | Purpose::Refresh(_)
            | Purpose::Bye(_)
            | Purpose::Refer(_)
            | Purpose::Key(..)
            | Purpose::Register(_)
            | Purpose::Health(_)
            | Purpose::Nothing => true,
        };
        if tx.parts.method == Method::Invite && (!wanted || leg.is_none_or(|leg| leg.told)) {
            return None;
        }
        let line = if let Purpose::Register(n) = tx.purpose { self.config.registrations.get(n) } else { None };
        let name = line.map_or_else(|| leg.and_then(|leg| leg.account.as_deref()), |line| line.account.as_deref());
        self.trusting_account(name, tx.hop)
    }

    /// The account of that name, or the first one, if it belongs to the hop's address.
    pub(super) fn trusting_account(&self, name: Option<&str>, hop: Hop) -> Option<usize> {
        let named = |account: &Account| name.is_none_or(|name| name == account.name);
        self.config.accounts.iter().position(|account| named(account) && account.trusts(hop.address().ip()))
    }

    /// The leg in whose dialog a request of ours is sent.
    fn leg_of(&self, parts: &RequestParts) -> Option<LegId> {
        self.tags.get(parts.from.parse::<NameAddr>().ok()?.tag()).copied()
    }

    fn next_cseq(&mut self, purpose: Purpose, parts: &RequestParts) -> u32 {
        if let Purpose::Register(n) = purpose
            && let Some(line) = self.lines.get_mut(n)
        {
            line.cseq += 1;
            return line.cseq;
        }
        match self.leg_of(parts).and_then(|id| self.legs.get_mut(&id)) {
            Some(leg) => {
                let next = leg.dialog.local_seq.max(parts.cseq) + 1;
                leg.dialog.local_seq = next;
                leg.raise_forks(next);
                next
            }
            None => parts.cseq + 1,
        }
    }
}
