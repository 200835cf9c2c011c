import { Advice, type Value } from '../model/operation.ts'

/**
 * The result of a task, which the journal keeps as JSON for whoever goes on with the run.
 * @throws Advice where it is no plain data: the types refuse that, and not everybody has them checked
 */
export function plain(result: unknown): Value {
  refuse(result, 'the result', [])
  return result as Value
}

function refuse(value: unknown, where: string, around: readonly unknown[]): void {
  if (value === null || value === undefined) return
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return
  if (typeof value !== 'object') throw unplain(where, kindOf(value))
  if (around.includes(value)) throw unplain(where, 'something that holds itself')
  if (around.length > deepest) throw unplain(where, `data of more than ${deepest} levels`)
  const within = [...around, value]
  if (Array.isArray(value)) return value.forEach((one, i) => refuse(one, `${where}[${i}]`, within))
  const prototype: unknown = Object.getPrototypeOf(value)
  // Data of another realm, as a program run by node:vm gives it, is plain as well.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw unplain(where, kindOf(value))
  if ('toJSON' in value) throw unplain(where, kindOf(value))
  for (const [key, one] of Object.entries(value)) refuse(one, `${where}.${key}`, within)
}

const deepest = 100

function unplain(where: string, kind: string): Advice {
  return new Advice(
    `${where} is ${kind}, and a task gives plain data`,
    'return texts, numbers, lists and objects of them, or nothing',
  )
}

/** What a value is, in words. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value !== 'object') return `a ${typeof value}`
  const made: unknown = (value as { readonly constructor?: { readonly name?: unknown } }).constructor?.name
  return typeof made === 'string' && made !== '' && made !== 'Object' ? `a ${made}` : 'an object'
}
