// Prints TAP: examples/clients/mme_client.mjs against the vectors beside this file. From the root of the tree.
import { readFileSync } from 'node:fs'
import { Stack, cost } from '../../../examples/clients/mme_client.mjs'

let count = 0
const check = (good, name) => console.log(`${good ? 'ok' : 'not ok'} ${++count} - JavaScript: ${name}`)
const stack = (split, published) => {
  const models = Object.fromEntries(published.map((name) => [name, { live: '00', key: `p/models/${name}--00.tar.gz` }]))
  return new Stack(JSON.stringify({ format: 1, models, routes: { churn: { split, shadow: 'a' } } }))
}
const fails = (call) => {
  try {
    call()
    return false
  } catch {
    return true
  }
}

const vectors = JSON.parse(readFileSync('tests/vectors/routes/routes.json', 'utf8'))
const wrong = vectors.costs.filter((v) => cost(v.route, v.model, v.key) !== BigInt(v.cost))
check(vectors.costs.length > 50 && wrong.length === 0, `${vectors.costs.length} costs`)
for (const { note, split, published, answers } of vectors.picks) {
  const one = stack(split, published)
  const keys = Object.keys(answers)
  check(keys.length > 0 && keys.every((key) => one.pick('churn', key) === answers[key]), note)
}
const one = stack({ a: 1 }, ['a', 'b'])
check(one.resolve('churn', 'k').targetModel === 'a--00.tar.gz', "a route's TargetModel")
check(one.resolve('b').targetModel === 'b--00.tar.gz', "a model's TargetModel")
check(one.shadow('churn').model === 'a' && one.shadow('b') === null, 'the shadow')
check(fails(() => one.resolve('churn')), 'a route without a key is refused')
check(fails(() => one.resolve('nobody', 'k')), 'an unknown name is refused')
check(fails(() => one.resolve('constructor', 'k')), 'nor is a name of the language known')
check(fails(() => stack({ a: 1 }, []).resolve('churn', 'k')), 'a route without a published model is refused')
check(fails(() => new Stack('{"format": 2}')), 'a newer format is refused')
console.log(`1..${count}`)
