import { readFileSync } from 'node:fs'
import path from 'node:path'

/** Something that a module exports: its source, its signatures, and what its doc comment says. */
export interface Exported {
  readonly name: string
  readonly kind: 'function' | 'const' | 'class' | 'type'
  /** Where it is declared, from the root of the repository. */
  readonly file: string
  readonly signatures: readonly string[]
  readonly source: string
  /** The first sentence of the doc comment; empty when there is none. */
  readonly sentence: string
  /** All that the doc comment says, on one line, without its examples. */
  readonly about: string
  readonly examples: readonly string[]
}

const root = path.resolve(import.meta.dirname, '../..')

/** What a module exports, in the order of its source; names that it passes on are looked up where they are declared. */
export function exportsOf(file: string): readonly Exported[] {
  const source = readFileSync(path.join(root, file), 'utf8')
  const there = (from: string) => path.join(path.dirname(file), from)
  const all =
    /^export (?:(?:type )?\{([^}]*)\} from '([^']+)'|(?:async )?(?:function|const|class|type|interface) (\w+))/gm
  return [...source.matchAll(all)]
    .flatMap(([, list, from, name]) => {
      if (name !== undefined) return declared(file, source, name)
      const wanted = list!
        .split(',')
        .map((word) => word.trim().replace(/^type /, ''))
        .filter(Boolean)
      const others = exportsOf(there(from!))
      return wanted.flatMap((word) => others.find((one) => one.name === word) ?? [])
    })
    .filter((one, i, all) => all.findIndex(({ name }) => name === one.name) === i)
}

/** The modules that another hands on whole: `export * as ini from './ini.ts'`. */
export function namespacesOf(file: string): readonly (readonly [name: string, file: string])[] {
  const source = readFileSync(path.join(root, file), 'utf8')
  return [...source.matchAll(/^export \* as (\w+) from '([^']+)'/gm)].map(([, name, from]) => [
    name!,
    path.join(path.dirname(file), from!),
  ])
}

/** The types that these mention and that are declared beside them, and those that they mention in turn. */
export function typesBehind(exported: readonly Exported[]): readonly Exported[] {
  const files = [...new Set(exported.map(({ file }) => file))]
  const known = [...exported, ...files.flatMap(declaredTypes)]
    .filter(({ kind }) => kind === 'type')
    .filter(({ name, file }, i, all) => all.findIndex((other) => other.name === name && other.file === file) === i)
  const found = new Set<Exported>()
  for (
    let texts = exported.filter(({ kind }) => kind !== 'type').flatMap(({ signatures }) => signatures);
    texts.length > 0;
  ) {
    const more = known.filter(
      (one) => !found.has(one) && texts.some((text) => new RegExp(`\\b${one.name}\\b`).test(text)),
    )
    for (const one of more) found.add(one)
    texts = more.map(({ source }) => source)
  }
  return known.filter((one) => found.has(one))
}

// Those that are not exported too: a signature may speak of them all the same.
function declaredTypes(file: string): readonly Exported[] {
  const source = readFileSync(path.join(root, file), 'utf8')
  return [...source.matchAll(/^(?:export )?(?:type|interface) (\w+)/gm)].flatMap(([, name]) =>
    declared(file, source, name!),
  )
}

function declared(file: string, source: string, name: string): readonly Exported[] {
  const found = [
    ...source.matchAll(new RegExp(`^(?:export )?(?:async )?(function|const|class|type|interface) ${name}\\b`, 'gm')),
  ]
  const [first] = found
  if (!first) return []
  const doc = /\/\*\*((?:(?!\*\/)[^])*)\*\/\n(?:\/\/[^\n]*\n)*$/.exec(source.slice(0, first.index))?.[1] ?? ''
  const text = doc
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, ''))
    .join('\n')
    .trim()
  const kind = first[1] === 'interface' ? 'type' : (first[1] as Exported['kind'])
  const ends = found.map(({ index }) => source.slice(index, end(source, index, kind)))
  // The last of several is the one with the body, which callers do not see.
  const seen = kind === 'function' && ends.length > 1 ? ends.slice(0, -1) : ends
  return [
    {
      name,
      kind,
      file,
      source: ends[0]!
        .replace(/^export /, '')
        .replaceAll('readonly ', '')
        .trimEnd(),
      signatures:
        kind === 'function'
          ? seen.map((one) => short(one.replace(/^export (async )?function /, '')))
          : kind === 'const'
            ? [constant(ends[0]!, name)]
            : [name],
      sentence: sentenceOf(text.replace(/```[^]*?```/g, '')),
      about: text
        .replace(/```[^]*?```|@throws[^]*/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
      examples: [...text.matchAll(/```ts\n([^]*?)\n```/g)].map(([, code]) => code!),
    },
  ]
}

function sentenceOf(text: string): string {
  const flat = text
    .replace(/@throws[^]*/, '')
    .replace(/\s+/g, ' ')
    .trim()
  return /^.*?[.;:](?= [A-Z`@]|$)/.exec(flat)?.[0].replace(/[;:]$/, '.') ?? flat
}

function constant(source: string, name: string): string {
  const type = /^[^=]*?: ([^=]+) = /.exec(source)?.[1]
  return `${name}${type ? `: ${type.replaceAll('readonly ', '')}` : ''}`
}

/** Where a declaration ends: a function before its body, a type after its last line. */
function end(source: string, from: number, kind: Exported['kind']): number {
  let depth = 0
  for (let i = from; i < source.length; i++) {
    const c = source[i]!
    if (source.startsWith('=>', i)) {
      i++
      continue
    }
    if (source.startsWith('/*', i) || source.startsWith('//', i)) {
      i = source.startsWith('//', i) ? source.indexOf('\n', i) - 1 : source.indexOf('*/', i) + 1
      continue
    }
    const body =
      kind === 'function' && c === '{' && source[i + 1] === '\n' && /[^:|&,<(] $/.test(source.slice(i - 2, i))
    if (body && depth === 0) return i
    if ('([{<'.includes(c)) depth++
    if (')]}>'.includes(c)) depth--
    if (c === '\n' && depth === 0 && !source.startsWith('\n  ', i)) return i
  }
  return source.length
}

function short(declaration: string): string {
  const flat = declaration
    .replace(/\s+/g, ' ')
    .replaceAll('readonly ', '')
    .replace(/,\s*\)/g, ')')
    .trim()
  const open = flat.indexOf('(', flat.startsWith('<') ? flat.indexOf('>') : 0)
  const close = closing(flat, open)
  const name = flat.slice(0, open).replace(/<.*/, '')
  const parameters = split(flat.slice(open + 1, close)).map(parameter)
  const gives = flat
    .slice(close + 1)
    .replace(/^:\s*/, '')
    .trim()
  return `${name}(${parameters.join(', ')})${gives ? `: ${gives}` : ''}`
}

function parameter(text: string): string {
  const [, given, type, fallback] = /^(\{[^]*?\}|[\w.]+\??)\s*:\s*(.*?)(?: = (.*))?$/.exec(text) ?? [
    undefined,
    text,
    '',
    undefined,
  ]
  // What is taken apart at once has no name of its own: its type gives it one.
  const typeName = /^\w+$/.test(type!) && !/Options$/.test(type!) ? type![0]!.toLowerCase() + type!.slice(1) : 'options'
  const named = given!.startsWith('{') ? typeName : given!
  return `${named}${fallback === undefined ? '' : '?'}: ${type}`
}

/** The parts between the commas that are in no bracket. */
function split(text: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (let i = 0; i < text.length; i++) {
    if ('([{<'.includes(text[i]!)) depth++
    if (')]}>'.includes(text[i]!) && text[i - 1] !== '=') depth--
    if (text[i] === ',' && depth === 0) {
      parts.push(part.trim())
      part = ''
    } else part += text[i]
  }
  return [...parts, part.trim()].filter(Boolean)
}

function closing(text: string, open: number): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    if (text[i] === '(') depth++
    if (text[i] === ')' && --depth === 0) return i
  }
  return text.length
}
