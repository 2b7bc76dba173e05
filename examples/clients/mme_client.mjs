// Says which TargetModel a model's or a route's name means now, from the stack's record,
// s3://<bucket>/<prefix>/control/stack.json. The rule is engine/stack/routes.md; node's standard library is all it
// needs. Read the record with any S3 client, keep it for some seconds, and send TargetModel with InvokeEndpoint:
//
//     const stack = new Stack(recordText)
//     stack.resolve('churn', customerId)   // {model: 'model_balanced', targetModel: 'model_balanced--….tar.gz', …}
//     stack.shadow('churn')                // the same of the route's shadow, or null
//
// From a shell:  node mme_client.mjs NAME [KEY] < stack.json

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const FORMAT = 1
const MAX_WEIGHT = 10000

/** -log2 of the hash of (route, model, key) as a fraction of 1, times 2^32; a BigInt. */
export function cost(route, model, key) {
  const digest = createHash('sha256').update([route, model, key].join('\0'), 'utf8').digest()
  let value = digest.readBigUInt64BE(0) | 1n
  let zeros = 0n
  while (value >> 63n === 0n) {
    value <<= 1n
    zeros += 1n
  }
  let mantissa = value >> 32n
  let fraction = 0n
  for (let i = 0; i < 32; i++) {
    const square = mantissa * mantissa
    const bit = square >> 63n
    mantissa = square >> (31n + bit)
    fraction = (fraction << 1n) | bit
  }
  return ((zeros + 1n) << 32n) - fraction
}

const isWeight = (weight) => Number.isInteger(weight) && weight >= 1 && weight <= MAX_WEIGHT
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined)

/** A record that was read: what every name means. */
export class Stack {
  constructor(text) {
    const record = JSON.parse(text)
    if (record.format !== FORMAT) throw new Error(`a record of format ${record.format}; this client knows ${FORMAT}`)
    this.models = record.models ?? {}
    this.routes = record.routes ?? {}
    this.endpoint = record.endpoints?.[0]
  }

  #published(model) {
    return Boolean(own(this.models, model)?.key)
  }

  #target(model) {
    const { key, live } = this.models[model]
    return { model, targetModel: key.slice(key.lastIndexOf('/') + 1), version: live }
  }

  /** The model that answers this key; null when none of the split is published. */
  pick(route, key) {
    let best = null
    for (const [model, weight] of Object.entries(this.routes[route].split ?? {})) {
      if (!isWeight(weight) || !this.#published(model)) continue
      const mine = { model, weight: BigInt(weight), cost: cost(route, model, key) }
      if (best === null) {
        best = mine
        continue
      }
      const left = mine.cost * best.weight
      const right = best.cost * mine.weight
      if (left < right || (left === right && mine.model < best.model)) best = mine
    }
    return best && best.model
  }

  /** What to call for a route's or a model's name. */
  resolve(name, key) {
    if (own(this.routes, name) === undefined) {
      if (!this.#published(name)) throw new Error(`no model or route '${name}' is published`)
      return this.#target(name)
    }
    if (key === undefined) throw new Error(`route '${name}' needs a key`)
    const model = this.pick(name, key)
    if (model === null) throw new Error(`no model of route '${name}' is published`)
    return this.#target(model)
  }

  /** What to call besides, for a route; null for nothing. */
  shadow(name) {
    const model = own(this.routes, name)?.shadow
    return typeof model === 'string' && this.#published(model) ? this.#target(model) : null
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [name, key] = process.argv.slice(2)
  if (name === undefined) {
    console.error('usage: node mme_client.mjs NAME [KEY] < stack.json')
    process.exit(64)
  }
  console.log(new Stack(readFileSync(0, 'utf8')).resolve(name, key).targetModel)
}
