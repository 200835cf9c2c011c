import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

/**
 * Every text that the sources may put together, with `…` for what is put in: `cannot connect to …: timed out`. Texts
 * that are added to each other are one.
 */
export function textsOf(folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => texts(readFileSync(path.join(root, folder, name), 'utf8')))
}

function texts(source: string): readonly string[] {
  const found: string[] = []
  let sum = ''
  for (let at = 0; at < source.length; at++) {
    const c = source[at]!
    if (source.startsWith('//', at)) at = source.indexOf('\n', at)
    else if (source.startsWith('/*', at)) at = source.indexOf('*/', at) + 1
    else if (/['"`]/.test(c)) {
      const { text, end, inside } = read(source, at)
      sum += text
      found.push(...inside)
      at = end
      const plus = /^\s*\+\s*/.exec(source.slice(end + 1, end + 200))
      if (plus && /['"`]/.test(source[end + 1 + plus[0].length] ?? '')) at = end + plus[0].length
      else {
        found.push(sum)
        sum = ''
      }
    }
    if (at < 0) break
  }
  return found
}

function read(source: string, from: number): { text: string; end: number; inside: readonly string[] } {
  const quote = source[from]
  const inside: string[] = []
  let text = ''
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === quote) return { text, end: at, inside }
    if (source[at] === '\\') text += source[++at]
    else if (quote === '`' && source.startsWith('${', at)) {
      let depth = 0
      const begin = at
      for (; at < source.length; at++) {
        if (source[at] === '{') depth++
        if (source[at] === '}' && --depth === 0) break
      }
      text += '…'
      inside.push(...texts(source.slice(begin + 2, at)))
    } else text += source[at]
  }
  return { text, end: source.length, inside }
}
