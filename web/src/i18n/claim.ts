/** What the page of claim codes says, in each language. */

export const en = {
  title: 'Claim a call',
  lead: 'You have a call that came without anything on your screen? Type the code that you heard or see on your telephone.',
  code: 'Code of the call',
  look: 'Show the call',
  unknown: 'This code means no call, or its time is over.',
  wait: (seconds: number) => `Too many wrong codes. Wait for ${seconds} seconds.`,
  failed: 'The gateway could not be asked. Try again.',
  live: 'Goes on',
  over: 'Over',
  noReason: 'Nobody was asked to help yet.',
  said: 'What was said',
  nothingSaid: 'Nothing yet.',
  by: { caller: 'Caller', bot: 'Assistant', agent: 'Agent' },
};

export const ro: typeof en = {
  title: 'Preia un apel',
  lead: 'Aveți un apel care a sosit fără nimic pe ecran? Scrieți codul pe care l-ați auzit sau îl vedeți pe telefon.',
  code: 'Codul apelului',
  look: 'Arată apelul',
  unknown: 'Codul nu corespunde niciunui apel sau i-a trecut timpul.',
  wait: (seconds: number) => `Prea multe coduri greșite. Așteptați ${seconds} secunde.`,
  failed: 'Nu s-a putut întreba centrala. Încercați din nou.',
  live: 'În desfășurare',
  over: 'Încheiat',
  noReason: 'Nu a fost cerut încă ajutor.',
  said: 'Ce s-a spus',
  nothingSaid: 'Încă nimic.',
  by: { caller: 'Apelant', bot: 'Asistent', agent: 'Agent' },
};
