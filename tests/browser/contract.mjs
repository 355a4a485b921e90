// What the scripted server and the pages say to each other, held against the gateway's own OpenAPI document: what the one does not say, the other must not.

import { spawnSync } from 'node:child_process';

/** Live events, by the schema of what they carry. */
const EVENTS = { entry: 'Entry', call: 'CallHead', card: 'Card', agent: 'AgentView' };
/** What a test makes the server answer when it is down is not the gateway's word. */
const DOWN = 503;

export class Contract {
  /** Everything that does not fit, each once. */
  wrong = new Set();

  constructor(document) {
    this.document = document;
    this.paths = Object.entries(document.paths).map(([path, methods]) => ({ path, methods, fits: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`) }));
    // The longest is the one that is meant: `/calls/{id}` fits `/calls/x`, too, where there is more to it.
    this.paths.sort((a, b) => b.path.replaceAll(/\{\w+\}/g, '').length - a.path.replaceAll(/\{\w+\}/g, '').length);
  }

  /** The page asks. */
  asked(method, pathname, body) {
    const at = `${method} ${pathname}`;
    const operation = this.#operation(method, pathname);
    if (!operation) return this.#note(`${at}: the gateway has no such address`);
    const schema = operation.requestBody?.content?.['application/json']?.schema;
    if (schema) this.#check(schema, body, `${at} body`);
    else if (Object.keys(body ?? {}).length > 0) this.#note(`${at}: the gateway takes no body`);
  }

  /** The server answers. */
  answered(method, pathname, status, body) {
    if (status === DOWN) return;
    const at = `${method} ${pathname}`;
    const operation = this.#operation(method, pathname);
    if (!operation) return this.#note(`${at}: the gateway has no such address`);
    const response = operation.responses[status];
    if (!response) return this.#note(`${at}: the gateway does not answer ${status}`);
    const schema = response.content?.['application/json']?.schema;
    if (schema) this.#check(schema, body, `${at} ${status}`);
    else if (body !== undefined) this.#note(`${at}: the gateway’s ${status} has no body`);
  }

  /** The server tells a stream. */
  told(event, data) {
    const name = EVENTS[event];
    if (name) this.#check({ $ref: `#/components/schemas/${name}` }, data, `event ${event}`);
  }

  /** The words of a closed list. */
  words(named) {
    const schema = this.#follow(named);
    return schema.enum ?? (schema.oneOf ?? schema.anyOf ?? []).flatMap((one) => this.words(one));
  }

  /** What an object may be: its properties, and those that are always there. */
  kinds(named) {
    const schema = this.#follow(named);
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices) return choices.flatMap((one) => this.kinds(one));
    if (!schema.allOf) return [{ properties: mapped(schema.properties, (one) => this.#follow(one)), required: schema.required ?? [] }];
    const parts = schema.allOf.map((part) => this.kinds(part));
    return parts.reduce((all, part) => all.flatMap((one) => part.map((other) => ({ properties: { ...one.properties, ...other.properties }, required: [...one.required, ...other.required] }))));
  }

  #operation(method, pathname) {
    const path = pathname === '/healthz' ? pathname : pathname.replace(/\/$/, '');
    return this.paths.find(({ fits, methods }) => fits.test(path) && methods[method.toLowerCase()])?.methods[method.toLowerCase()];
  }

  #note(what) {
    this.wrong.add(what.replaceAll(/live-\d+/g, '…'));
  }

  #check(schema, value, at) {
    for (const one of this.#mistakes(schema, value, at)) this.#note(one);
  }

  /** What of the value the schema does not say; what it wants and the value does not have. */
  #mistakes(named, value, at) {
    const schema = this.#follow(named);
    const kind = schema.allOf?.find((part) => this.#follow(part).oneOf);
    if (kind) return this.#flattened(schema.allOf.filter((part) => part !== kind), kind, value, at);
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices) {
      const tries = choices.map((one) => this.#mistakes(one, value, at));
      if (tries.some((one) => one.length === 0)) return [];
      return [`${at}: no choice fits; the nearest: ${tries.sort((a, b) => far(a) - far(b))[0].join('; ')}`];
    }
    if (schema.enum && !schema.enum.includes(value)) return [`${at}: ${short(value)} is not one of ${schema.enum.join(', ')}`];
    const kinds = [schema.type ?? []].flat();
    if (kinds.length > 0 && !kinds.some((kind) => isOf(kind, value))) return [`${at}: ${short(value)} is not ${kinds.join(' or ')}`];
    if (Array.isArray(value)) return value.flatMap((one) => this.#mistakes(schema.items ?? {}, one, `${at}[]`));
    if (value === null || typeof value !== 'object') return [];
    const { properties, required, more } = this.#shape(schema);
    if (!properties) return [];
    const missing = required.filter((name) => !(name in value)).map((name) => `${at}: ${name} is missing`);
    const others = Object.entries(value).filter(([, one]) => one !== undefined);
    return missing.concat(others.flatMap(([name, one]) => {
      const known = properties[name] ?? more;
      return known ? this.#mistakes(known, one, `${at}.${name}`) : [`${at}: ${name} is not in the document`];
    }));
  }

  /** One of several kinds, beside what all of them have. */
  #flattened(parts, kind, value, at) {
    const { properties, required } = this.#shape({ allOf: parts });
    const own = (inside) => Object.fromEntries(Object.entries(value).filter(([name]) => name in properties === inside));
    return [...this.#mistakes({ type: 'object', properties, required }, own(true), at), ...this.#mistakes(kind, own(false), at)];
  }

  #follow(schema) {
    if (!schema.$ref) return schema;
    const found = schema.$ref.slice(2).split('/').reduce((part, key) => part?.[key], this.document);
    if (!found) throw new Error(`${schema.$ref} leads nowhere`);
    return this.#follow(found);
  }

  /** Properties and required names, through `allOf`; no properties: anything goes. */
  #shape(schema) {
    const parts = (schema.allOf ?? [schema]).map((part) => this.#follow(part));
    const nested = parts.map((part) => (part.allOf ? this.#shape(part) : part));
    const all = Object.assign({}, ...nested.map((part) => part.properties ?? {}));
    const more = nested.map((part) => part.more ?? part.additionalProperties).find((one) => typeof one === 'object');
    return { properties: Object.keys(all).length > 0 || more ? all : null, required: nested.flatMap((part) => part.required ?? []), more };
  }
}

const mapped = (object, of) => Object.fromEntries(Object.entries(object ?? {}).map(([name, one]) => [name, of(one)]));

function isOf(kind, value) {
  if (kind === 'null') return value === null;
  if (kind === 'array') return Array.isArray(value);
  if (kind === 'integer') return Number.isInteger(value);
  if (kind === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === kind;
}

/** Of the kinds that a value is not, the one with the right tag is meant. */
const far = (mistakes) => mistakes.length + 100 * mistakes.filter((one) => one.includes('is not one of')).length;

const short = (value) => JSON.stringify(value)?.slice(0, 160);

/** The gateway's document, if there is a gateway (`WARMLINE_BIN`). */
export function contract() {
  if (!process.env.WARMLINE_BIN) return null;
  const { stdout, stderr, status } = spawnSync(process.env.WARMLINE_BIN, ['openapi'], { encoding: 'utf8', maxBuffer: 16_000_000 });
  if (status !== 0) throw new Error(stderr);
  return new Contract(JSON.parse(stdout));
}
