import { api, ApiError, url } from './api';
import { CallStore } from './call.svelte';
import type { AgentRow, Card, CardStep, Choice, ChoiceMore, Evidence, ThirdStep, WantedState } from './contract';
import { stream } from './stream.svelte';
import { mergeFacts, readCall, type CallView } from './view';

const QUOTES = 3;
/** More than anybody looks at. */
const MISSED = 8;

/** Where an agent's handoff stands by the call's own record. */
function stepOf(view: CallView, agent: string): CardStep | null {
  let step: CardStep | null = null;
  for (const { step: one } of view.steps) {
    if (one.step === 'ringing' && one.agent === agent) step = 'ringing';
    else if (one.step === 'briefing' && one.agent === agent) step = 'briefing';
    else if ((one.step === 'bridged' || one.step === 'back_to_agent' || one.step === 'taken_over') && one.agent === agent) step = 'bridged';
    else if (one.step === 'third') step = thirdStep(one.third, agent, one.agent, step);
    else if (one.step === 'transfer_asked' && one.agent === agent) step = 'ended';
    else if (one.step === 'offer_ended' && one.agent === agent && one.outcome !== 'accepted') step = 'ended';
  }
  return step !== null && view.ended ? 'ended' : step;
}

/** The same for a colleague who was called in, and for whoever has left the caller to them. */
function thirdStep(step: ThirdStep, agent: string, of: string, before: CardStep | null): CardStep | null {
  if (step.did === 'has_caller' && of === agent) return 'ended';
  if (!('who' in step) || step.who !== agent) return before;
  if (step.did === 'offered') return 'ringing';
  if (step.did === 'answered' || step.did === 'has_caller') return 'bridged';
  return step.did === 'ended' ? 'ended' : before;
}

/** Who asks an agent who does not have the caller. */
function askedBy(view: CallView, agent: string): string | null {
  let by: string | null = null;
  for (const { step } of view.steps) {
    if (step.step !== 'third' || !('who' in step.third) || step.third.who !== agent) continue;
    if (step.third.did === 'offered') by = step.third.by;
    else if (step.third.did === 'has_caller' || step.third.did === 'ended') by = null;
  }
  return by;
}

/** One agent's desk: the agent, the card of the offered call, and that call as it goes on. */
export class DeskStore {
  readonly id: string;
  agent = $state.raw<AgentRow | null>(null);
  card = $state.raw<Card | null>(null);
  call = $state.raw<CallStore | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** What the agent chose and the gateway has not answered with a step yet. */
  pending = $state<Choice | null>(null);
  choiceFailed = $state(false);
  /** The number was none that this agent may call. */
  mayNotCall = $state(false);
  stateFailed = $state(false);
  /** Calls that were offered and passed on while this page had no connection. The newest first. */
  missed = $state.raw<Card[]>([]);
  /** An answer to what the bot asks is on its way, or was refused. */
  answering = $state(false);
  answerFailed = $state(false);

  readonly facts = $derived(this.card ? mergeFacts(this.card.summary.facts, this.call?.view.facts ?? []) : []);

  /** The evidence that decided, strongest first: more than a few quotes nobody reads while a phone rings. */
  readonly evidence = $derived.by((): Evidence[] => {
    const all = this.card?.evidence ?? [];
    const counted = this.call?.view.verdict?.decision.evidence ?? [];
    const chosen = counted.flatMap((number) => all.find((one) => one.number === number) ?? []);
    const best = chosen.length > 0 ? chosen : all.filter((one) => one.weight > 0).sort((a, b) => b.weight - a.weight);
    // That the flow leads to a human is no quote; it counts only where nothing else does.
    const quotes = best.filter((one) => one.signal.kind !== 'flow_asked');
    return (quotes.length > 0 ? quotes : best).slice(0, QUOTES);
  });

  #stopCall: (() => void) | null = null;
  /** A stream begins with the last card, which may be of a call that was over before this page was opened. */
  #opened = false;
  /** How often the agent's state was told or asked for: an answer that something overtook is old. */
  #asked = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Fits `$effect`. */
  start(): () => void {
    void this.load();
    const stop = stream(url.agentEvents(this.id), {
      on: {
        agent: (data) => {
          const agent = data as AgentRow;
          if (agent.id !== this.id) return;
          this.#asked += 1;
          this.agent = agent;
        },
        card: (data) => {
          const card = data as Card;
          if (!this.#passedBy(card)) this.#show(card);
          this.#opened = true;
        },
      },
      // An open stream is what makes a page a telephone: what was asked before does not know of it.
      opened: (again) => {
        if (again) this.#opened = true;
        void this.load();
      },
      reload: () => void this.load(),
    });
    return () => {
      stop();
      this.#stopCall?.();
    };
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const { agents } = await api.agents();
      const agent = agents.find((one) => one.id === this.id);
      if (!agent) {
        this.error = new ApiError(404, 'no such agent');
        return;
      }
      this.error = null;
      if (!this.agent || asked === this.#asked) this.agent = agent;
      const [call] = agent.calls;
      if (call !== undefined && this.card?.call.id !== call) await this.#recover(call);
    } catch (error) {
      if (error instanceof ApiError && !this.agent) this.error = error;
    }
  }

  /** A desk that is opened in mid call finds its card in the call's record, should the stream not repeat it. */
  async #recover(callId: string): Promise<void> {
    const { head, entries } = await api.call(callId);
    const view = readCall(entries);
    const step = stepOf(view, this.id);
    if (this.card || !view.summary || step === null || step === 'ended') return;
    const evidence = view.evidence.filter((one) => view.verdict?.decision.evidence.includes(one.number));
    this.#show({ call: head, summary: view.summary, reasons: head.reasons, evidence, step, outcome: null, consulted_by: askedBy(view, this.id) });
  }

  /** An offer of which this page hears only when it is over. Whom the agent has talked with is no such thing: there is something to write down. */
  #passedBy(card: Card): boolean {
    if (card.step !== 'ended' || this.card?.call.id === card.call.id) return false;
    if (!this.#opened) return true;
    if (card.outcome === 'accepted') return this.card !== null && this.card.step !== 'ended';
    this.missed = [card, ...this.missed.filter((one) => one.call.id !== card.call.id)].slice(0, MISSED);
    return true;
  }

  #show(card: Card): void {
    // A late word about an older call does not take the card of the present one away.
    if (this.card && this.card.call.id !== card.call.id && card.step === 'ended' && this.card.step !== 'ended') return;
    if (this.card?.step !== card.step || this.card.call.id !== card.call.id) {
      this.pending = null;
      this.choiceFailed = this.mayNotCall = this.answering = this.answerFailed = false;
    }
    this.card = card;
    if (this.call?.id === card.call.id) return;
    this.#stopCall?.();
    this.call = new CallStore(card.call.id);
    this.#stopCall = this.call.start();
  }

  /** Whoever has seen which calls were missed need not see it for ever. */
  seen(): void {
    this.missed = [];
  }

  dismiss(): void {
    if (this.card?.step !== 'ended') return;
    this.card = null;
    this.#stopCall?.();
    this.#stopCall = null;
    this.call = null;
  }

  async choose(choice: Choice, more: ChoiceMore = {}): Promise<void> {
    if (!this.card || this.card.step === 'ended' || this.pending === choice) return;
    this.pending = choice;
    this.choiceFailed = this.mayNotCall = false;
    try {
      await api.choose(this.card.call.id, this.id, choice, more);
      // Accepting and declining are answered by the next step; what is done with a caller whom the agent has may be done again at once.
      if (this.card?.step === 'bridged') this.pending = null;
    } catch (error) {
      this.pending = null;
      this.mayNotCall = error instanceof ApiError && error.code === 'may_not_call';
      this.choiceFailed = !this.mayNotCall;
    }
  }

  /** Answers what the bot asks; the card says what comes of it. */
  async answer(answer: { text: string } | { suggestion: string }): Promise<void> {
    if (!this.card?.inquiry || this.answering) return;
    this.answering = true;
    this.answerFailed = false;
    try {
      await api.answer(this.card.call.id, this.id, answer);
    } catch {
      this.answering = false;
      this.answerFailed = true;
    }
  }

  async setState(state: WantedState, more: { reason?: string; phone?: 'browser' | 'desk_phone' } = {}): Promise<void> {
    if (!this.agent) return;
    const before = this.agent;
    this.agent = { ...before, state, reason: more.reason ?? null };
    this.stateFailed = false;
    try {
      const now = await api.setState(this.id, state, more);
      if (now?.id === this.id) this.agent = now;
    } catch {
      this.agent = before;
      this.stateFailed = true;
    }
  }
}
