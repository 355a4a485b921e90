// The pages' own words for what the gateway says (`web/src/lib`) against the gateway's OpenAPI document: nothing is named there that the gateway does not say, nothing
// is taken for certain that may be missing, and of closed lists of words none is unknown to the pages.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { contract } from './contract.mjs';

const ts = createRequire(import.meta.url)('../../web/node_modules/typescript');
const held = contract();
/** Names of the pages that the document has under another one. */
const ELSEWHERE = {
  AgentRow: 'AgentView',
  Callback: 'CallbackView',
  Voicemail: 'VoicemailView',
  InquiryCard: 'Inquiry',
  Deed: 'Did',
  Found: 'Kin',
  SessionInfo: 'Session',
  AccountRow: 'AccountView',
  TokenRow: 'TokenView',
  AuditLine: 'Line',
};
/** What the pages say of themselves alone. */
const OWN = ['Kind', 'Choice', 'ChoiceMore'];

const files = ['contract', 'people', 'privacy'].map((name) => fileURLToPath(new URL(`../../web/src/lib/${name}.ts`, import.meta.url)));
const program = ts.createProgram(files, { strict: true, noEmit: true, target: ts.ScriptTarget.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext });
const checker = program.getTypeChecker();

/** Every type that these files give away, by name. */
function types() {
  const symbols = files.flatMap((file) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file))));
  return symbols.filter((one) => one.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)).map((one) => [one.name, checker.getDeclaredTypeOfSymbol(one)]);
}

const words = (type) => (type.isUnion() ? type.types : [type]).filter((one) => one.isStringLiteral()).map((one) => one.value);
const isWords = (type) => type.isUnion() && type.types.every((one) => one.isStringLiteral());

const isNone = (type) => (type.isUnion() ? type.types : [type]).some(({ flags }) => flags & ts.TypeFlags.Null);

/** The kinds of a type: properties, which of them may be missing, and those that are one word. */
function kinds(type) {
  return (type.isUnion() ? type.types : [type]).map((one) => {
    const properties = checker.getPropertiesOfType(one);
    const of = (property) => checker.getTypeOfSymbol(property);
    return {
      names: properties.map(({ name }) => name),
      // What is none may be left out by the document's rules; the gateway says it all the same.
      certain: properties.filter((property) => !(property.flags & ts.SymbolFlags.Optional) && !isNone(of(property))).map(({ name }) => name),
      tags: Object.fromEntries(properties.filter((property) => of(property).isStringLiteral()).map((property) => [property.name, of(property).value])),
    };
  });
}

test('what the pages take the gateway to say, it says', { skip: held ? false : 'set WARMLINE_BIN' }, () => {
  const wrong = [];
  let looked = 0;
  for (const [name, type] of types()) {
    if (OWN.includes(name)) continue;
    const schema = held.document.components.schemas[ELSEWHERE[name] ?? name];
    if (!schema) {
      wrong.push(`${name} is not in the document`);
      continue;
    }
    looked += 1;
    if (isWords(type)) {
      const known = held.words(schema);
      if (JSON.stringify(words(type).sort()) !== JSON.stringify(known.sort())) wrong.push(`${name}: ${difference(words(type), known)}`);
      continue;
    }
    const there = held.kinds(schema);
    for (const kind of kinds(type)) {
      const fits = there.filter(({ properties }) => Object.entries(kind.tags).every(([tag, word]) => properties[tag]?.enum?.includes(word)));
      const at = `${name} ${Object.values(kind.tags).join(' ')}`;
      if (fits.length === 0) wrong.push(`${at}: no such kind in the document`);
      for (const property of kind.names) if (fits.length > 0 && !fits.some(({ properties }) => property in properties)) wrong.push(`${at}: ${property} is not in the document`);
      for (const property of kind.certain) if (fits.some(({ properties, required }) => property in properties && !required.includes(property))) wrong.push(`${at}: ${property} may be missing`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(looked > 40, `only ${looked} types were looked at`);
});

const difference = (ours, theirs) =>
  [...ours.filter((one) => !theirs.includes(one)).map((one) => `${one} is not in the document`), ...theirs.filter((one) => !ours.includes(one)).map((one) => `${one} is unknown to the pages`)].join(', ');
