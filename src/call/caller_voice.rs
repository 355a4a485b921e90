//! What the caller's ear and mouth report, and what it means in each phase of the call.

use crate::call::{
    event::{Failure, SpeechEnd},
    ids::{LegId, RequestId},
    record::What,
    state::{Call, Phase},
    time::Time,
    timer::Timer,
    turn::{
        ear::News,
        mouth::Told,
        overlap::{self, Verdict, Voice},
        words,
    },
    understanding::{Scored, Transcript, Understanding},
};

/// A listener reports a pause when it has lasted this long. Voice of which no pause was reported after the least voice and this has lasted long enough.
const LISTENER_PAUSE_MS: u64 = 200;

/// A voice of which the listener has said nothing for so long may be over: it says each 32 ms that one goes on.
const FADES_MS: u64 = 64;

impl Call {
    fn listens(&self) -> bool {
        match &self.phase {
            Phase::Talking(bot) => bot.leaving().is_none(),
            Phase::HandingOver { handoff, .. } => !handoff.is_bridged(),
            Phase::Arrived(_) | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => false,
        }
    }

    pub(super) fn voice_started(&mut self, at: Time) {
        // What was known of another voice is not this one's.
        self.base.lasting.of(at);
        if self.listens() {
            let news = self.base.ear.voice_started(&mut self.base.io, at, self.base.expect);
            self.caller_news(news);
        }
    }

    pub(super) fn voice_stopped(&mut self, at: Time) {
        if self.listens() {
            let news = self.base.ear.voice_stopped(&mut self.base.io, at, self.base.expect);
            self.caller_news(news);
        }
    }

    /// The second step of an interruption: a voice that is probably meant for us stops the bot soon, another one when it goes on.
    pub(super) fn voice_lasting(&mut self, leg: LegId, at: Time, ms: u64, meant: f32) {
        if leg != LegId::CALLER {
            // An agent who begins to speak needs no bot to introduce them.
            if ms >= self.base.flow.turn.barge_in_ms && meant >= self.base.flow.turn.barge_in_meant {
                self.with_handoff(|handoff, base| handoff.skip_introduction(base, leg));
            }
            return;
        }
        self.base.meant = meant;
        let now = self.base.io.now;
        let lasting = self.base.lasting.of(at);
        (lasting.ms, lasting.told) = (ms, now);
        if self.base.io.timers.is_set(Timer::BargeIn) {
            let longest = self.base.flow.turn.barge_in_unsure_ms.max(ms);
            self.base.io.timers.set(Timer::BargeIn, at.plus(longest + 2 * LISTENER_PAUSE_MS));
        }
        self.weigh();
    }

    /// Is what sounds over the bot's words an interruption? Asked again with all that becomes known of it.
    fn weigh(&mut self) {
        let base = &mut self.base;
        if !base.ear.is_voice() || !(base.mouth.may_interrupt() || base.mouth.is_held()) {
            return;
        }
        let voice = Voice {
            ms: base.lasting.ms,
            meant: base.meant,
            looks: &base.lasting.looks,
            fades: base.io.now.since(base.lasting.told) > FADES_MS,
            held_ms: base.mouth.held_since().map_or(0, |since| base.io.now.since(since)),
            let_go: base.lasting.let_go,
            in_doubt: base.mouth.in_doubt().unwrap_or(base.flow.turn.in_doubt),
        };
        match overlap::weigh(&base.flow.turn, &voice) {
            Verdict::Waits => {}
            Verdict::GoesOn => {
                base.lasting.let_go |= base.mouth.is_held();
                base.mouth.resume_lower(&mut base.io);
            }
            Verdict::Stops => self.barge_in(),
        }
    }

    /// The caller's voice has lasted long enough to interrupt. Whether it was worth it shows when the words are known.
    pub(super) fn barge_in(&mut self) {
        if matches!(self.phase, Phase::Talking(_) | Phase::HandingOver { .. })
            && self.base.ear.is_voice()
            && self.base.mouth.may_interrupt()
        {
            self.base.mouth.hold(&mut self.base.io);
        }
    }

    pub(super) fn partial(&mut self, leg: LegId, from: Time, text: String, (guessed, back_channel): (bool, Option<f32>)) {
        if leg != LegId::CALLER || !self.base.ear.is_voice() {
            return;
        }
        let base = &mut self.base;
        let (said, yes_answers) = (base.mouth.text(), !base.expects_sentence());
        base.lasting.of(from).looks.take((&text, guessed), back_channel, &said, yes_answers, base.language);
        if !text.trim().is_empty() && !guessed {
            self.base.io.record(What::Hearing { text });
        }
        self.weigh();
    }

    pub(super) fn heard(&mut self, id: RequestId, mut transcript: Transcript) {
        transcript.text = self.base.flow.vocabulary.repair(&transcript.text);
        // "Stop", over the bot's words, may be heard while it sounds and be lost in the whole.
        if self.base.over_bot
            && transcript.text.trim().is_empty()
            && let Some(claim) = self.base.lasting.looks.sure_claim()
        {
            claim.clone_into(&mut transcript.text);
            transcript.confidence = self.base.flow.turn.few_words_heard;
        }
        let news = self.base.ear.heard(&mut self.base.io, id, transcript, self.base.expect);
        self.caller_news(news);
    }

    pub(super) fn understood(&mut self, id: RequestId, understanding: Understanding) {
        if self.only_listens(id, &understanding) {
            return self.no_turn();
        }
        let news = self.base.ear.understood(&mut self.base.io, id, understanding, self.base.expect);
        if news != News::Nothing
            && let Phase::Talking(bot) = &mut self.phase
        {
            bot.troubles().understood_well();
        }
        self.caller_news(news);
    }

    /// Few words over the bot's own, which mean nothing else and by their meaning want no turn: what no list of "mhm" holds.
    fn only_listens(&self, id: RequestId, understanding: &Understanding) -> bool {
        let base = &self.base;
        let asked = base.over_bot && base.ear.asked() == Some(id) && matches!(self.phase, Phase::Talking(_)) && base.expects_sentence();
        let Some(heard) = base.ear.words().filter(|_| asked) else { return false };
        let needed = &base.flow.understanding;
        let above = |scored: &[Scored], needed| scored.first().is_some_and(|best| best.score >= needed);
        let means_more = above(&understanding.intents, needed.intent) || above(&understanding.knowledge, needed.knowledge);
        !means_more && !base.lasting.looks.has_claimed() && overlap::only_listens(&heard.text, understanding, base.language)
    }

    pub(super) fn pause_over(&mut self) {
        let news = self.base.ear.pause_over(&mut self.base.io);
        self.caller_news(news);
    }

    pub(super) fn recogniser_late(&mut self) {
        let news = self.base.ear.late(&mut self.base.io);
        self.caller_news(news);
    }

    pub(super) fn turn_too_long(&mut self) {
        let news = self.base.ear.too_long(&mut self.base.io, self.base.expect);
        self.caller_news(news);
    }

    pub(super) fn ear_failed(&mut self, id: RequestId, why: Failure) {
        let news = self.base.ear.failed(&mut self.base.io, id);
        if news == News::Deaf && why == Failure::Overloaded {
            self.base.over_bot = false;
            return self.bot_then(|bot, base| bot.overloaded(base));
        }
        self.caller_news(news);
    }

    pub(super) fn sounded(&mut self, id: RequestId, complete: f32) {
        let news = self.base.ear.sounded(&mut self.base.io, id, complete, self.base.expect);
        self.caller_news(news);
    }

    fn caller_news(&mut self, news: News) {
        match news {
            News::Nothing => {}
            News::Began { at } => self.began(at),
            News::Paused { voiced_ms } => self.paused(voiced_ms),
            News::Words => self.words(),
            News::Meaning => {
                if let (Phase::Talking(bot), Some(turn)) = (&mut self.phase, self.base.ear.guess()) {
                    bot.think_ahead(&mut self.base, turn);
                }
            }
            News::Turn(turn) => {
                self.base.cut_in = std::mem::take(&mut self.base.over_bot);
                let base = &mut self.base;
                base.mouth.give_up(&mut base.io, turn.from);
                match &self.phase {
                    Phase::Talking(_) => {
                        self.others.settle(base);
                        self.bot_then(|bot, base| bot.turn(base, turn));
                    }
                    Phase::HandingOver { .. } => self.handoff_then(|handoff, base| handoff.caller_said(base, &turn)),
                    Phase::Arrived(_) | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => {}
                }
            }
            News::Slow => {
                if matches!(self.phase, Phase::Talking(_)) && self.base.mouth.is_idle() {
                    self.base.ask_for_a_moment();
                }
            }
            News::Deaf => {
                self.base.over_bot = false;
                self.bot_then(|bot, base| bot.deaf(base));
            }
            News::NoMeaning => {
                if let Phase::Talking(bot) = &mut self.phase {
                    bot.baffled(&mut self.base);
                }
                let news = self.base.ear.words_are_enough(&mut self.base.io);
                self.caller_news(news);
            }
        }
    }

    /// The first step of an interruption: the bot lowers its voice.
    fn began(&mut self, at: Time) {
        let talking = matches!(self.phase, Phase::Talking(_));
        let base = &mut self.base;
        base.meant = 1.0;
        if base.mouth.is_sounding() || base.mouth.is_held() {
            base.over_bot = true;
        }
        if base.mouth.may_interrupt() {
            base.io.timers.set(Timer::BargeIn, at.plus(base.flow.turn.barge_in_ms + LISTENER_PAUSE_MS));
            if talking {
                base.mouth.duck(&mut base.io);
            }
        }
    }

    /// A short sound over the bot's words is nothing, unless a short answer is expected.
    fn paused(&mut self, voiced_ms: u64) {
        let base = &mut self.base;
        base.io.timers.stop(Timer::BargeIn);
        let short = base.over_bot && base.mouth.is_sounding() && voiced_ms < base.flow.turn.barge_in_ms;
        if short && base.expects_sentence() {
            base.over_bot = false;
            base.ear.ignore(&mut base.io);
        }
    }

    fn words(&mut self) {
        let Some(heard) = self.base.ear.words().cloned() else { return };
        let nothing = match &self.phase {
            Phase::Talking(bot) => bot.is_no_turn(&self.base, &heard, self.base.over_bot),
            Phase::HandingOver { .. } => {
                let echo = self.base.over_bot && words::is_echo(&heard.text, &self.base.mouth.text(), words::CALLERS_ECHO);
                heard.text.trim().is_empty() || echo
            }
            Phase::Arrived(_) | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => heard.text.trim().is_empty(),
        };
        if nothing {
            return self.no_turn();
        }
        if matches!(self.phase, Phase::Talking(_)) {
            self.base.ear.understand(&mut self.base.io);
        } else {
            let news = self.base.ear.words_are_enough(&mut self.base.io);
            self.caller_news(news);
        }
    }

    /// A cough, or "mhm" over the bot's words: the record has it, nothing else changes, and the bot goes on (see `settle`).
    fn no_turn(&mut self) {
        let base = &mut self.base;
        base.over_bot = false;
        let Some(turn) = base.ear.so_far() else { return };
        if turn.heard.text.trim().is_empty() {
            base.ear.ignore(&mut base.io);
        } else {
            base.ear.discard(&mut base.io);
            base.io.record(What::CallerTurn {
                turn: base.turn,
                text: turn.heard.text,
                confidence: turn.heard.confidence,
                from: turn.from,
                to: turn.to,
                understood: None,
            });
        }
        if let Phase::Talking(bot) = &mut self.phase {
            bot.troubles().heard_well();
        }
    }

    pub(super) fn speech_started(&mut self, id: RequestId, at: Time) {
        if self.base.mouth.started(&mut self.base.io, id, at) == Told::Started
            && let Phase::HandingOver { handoff, .. } = &mut self.phase
        {
            handoff.caller_hears(&self.base, at);
        }
    }

    pub(super) fn speech_ended(&mut self, id: RequestId, why: SpeechEnd, clauses: usize, fraction: f32) {
        let told = self.base.mouth.ended(&mut self.base.io, id, why, clauses, fraction);
        self.mouth_told(told);
    }

    pub(super) fn speech_failed(&mut self, id: RequestId) {
        let told = self.base.mouth.failed(&mut self.base.io, id);
        self.mouth_told(told);
    }

    pub(super) fn speech_late(&mut self) {
        let told = self.base.mouth.late(&mut self.base.io);
        self.mouth_told(told);
    }

    fn mouth_told(&mut self, told: Told) {
        match told {
            Told::Nothing | Told::Started => {}
            Told::Finished => {
                if let Phase::Talking(bot) = &mut self.phase {
                    bot.troubles().spoke_well();
                }
            }
            Told::Slow if matches!(self.phase, Phase::Talking(_)) => self.base.ask_for_a_moment(),
            Told::Slow => self.base.mouth.wait_on(&mut self.base.io),
            Told::Failed => {
                self.bot_then(|bot, base| bot.mute(base));
                self.handoff_then(|handoff, base| handoff.mute(base));
            }
            Told::GivenUp => {
                self.bot_then(|bot, base| bot.dumb(base));
                self.handoff_then(|handoff, base| handoff.mute(base));
            }
        }
    }
}
