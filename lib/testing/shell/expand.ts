import path from 'node:path'
import { calculate } from './arithmetic.ts'
import { expressionOf, fits, isPattern, type Piece } from './pattern.ts'
import type { Shell } from './shell.ts'
import type { List, Part, Word } from './syntax.ts'

/** A variable that must be set is not, or a substitution that no shell knows. */
export class ExpansionFault extends Error {}

/** What words become: fields, split and with the paths that patterns stand for. */
export async function fieldsOf(shell: Shell, words: readonly Word[]): Promise<string[]> {
  const found: string[] = []
  for (const word of words) {
    const all = await atomsOf(shell, word, false)
    // Arguments of which there are none leave no field, though they stand in quotes.
    const none = shell.args.length === 0 && word.some((part) => part.kind === 'parameter' && part.name === '@')
    const atoms = none ? all.filter((atom) => atom === 'next' || atom.text !== '') : all
    for (const field of split(atoms, shell.value('IFS') ?? ' \t\n')) found.push(...pathsOf(shell, field))
  }
  return found
}

/** A word that stays one: what is assigned, read from, compared. */
export async function textOf(shell: Shell, word: Word): Promise<string> {
  return joined(await piecesOf(shell, word))
}

/** A word as a pattern. */
export async function piecesOf(shell: Shell, word: Word): Promise<readonly Piece[]> {
  const atoms = await atomsOf(shell, word, false)
  return atoms.map((atom) => (atom === 'next' ? { text: ' ', quoted: true } : atom))
}

/** A piece of a word whose unquoted expansions are still to be split; `next` ends one of several arguments. */
type Atom = (Piece & { readonly split: boolean }) | 'next'

async function atomsOf(shell: Shell, word: Word, within: boolean): Promise<readonly Atom[]> {
  const atoms: Atom[] = []
  for (const part of word) atoms.push(...(await atomsOfPart(shell, part, within)))
  const [first] = word
  if (!within && first?.kind === 'text' && !first.quoted && /^~(?:\/|$)/.test(first.text) && atoms[0] !== 'next')
    atoms[0] = { text: (shell.value('HOME') ?? '') + first.text.slice(1), quoted: false, split: false }
  return atoms
}

async function atomsOfPart(shell: Shell, part: Part, within: boolean): Promise<readonly Atom[]> {
  const { quoted } = part
  const atom = (text: string): readonly Atom[] => [{ text, quoted, split: !quoted }]
  switch (part.kind) {
    case 'text':
      return [{ text: part.text, quoted, split: within && !quoted }]
    case 'command':
      return atom(await outputOf(shell, part.body))
    case 'arithmetic': {
      const sum = await textOf(shell, part.word)
      const variables = {
        get: (name: string) => shell.value(name) ?? '',
        set: (name: string, to: string) => shell.assign(name, to),
      }
      return atom(String(calculate(sum, variables)))
    }
    case 'parameter':
      return parameter(shell, part)
  }
}

async function outputOf(shell: Shell, body: List): Promise<string> {
  return (await shell.captured(body)).replace(/\n+$/, '')
}

async function parameter(shell: Shell, part: Extract<Part, { kind: 'parameter' }>): Promise<readonly Atom[]> {
  const { name, operator, word, quoted } = part
  const one = (text: string): readonly Atom[] => [{ text, quoted, split: !quoted }]
  const all = name === '@' || name === '*'
  const value = all ? (shell.args.length > 0 ? shell.args.join(' ') : undefined) : shell.value(name)
  if (operator === 'length') return one(String(all ? shell.args.length : (value ?? '').length))
  const [bare, lacking] = operator.startsWith(':') ? [operator.slice(1), !value] : [operator, value === undefined]
  if (/^[-=?+]$/.test(bare)) {
    if (bare === '+' ? lacking : !lacking) return bare === '+' ? one('') : plain()
    if (bare === '?') throw new ExpansionFault(`${name}: ${(await textOf(shell, word)) || 'parameter not set'}`)
    if (bare === '=') {
      const text = await textOf(shell, word)
      shell.assign(name, text)
      return one(text)
    }
    const atoms = await atomsOf(shell, word, true)
    return quoted ? atoms.map((a) => (a === 'next' ? a : { ...a, quoted: true, split: false })) : atoms
  }
  if (value === undefined && !all && shell.options.has('u')) throw new ExpansionFault(`${name}: unbound variable`)
  if (/^[%#]/.test(bare)) return one(trimmed(value ?? '', operator, await piecesOf(shell, word)))
  return plain()

  function plain(): readonly Atom[] {
    if (!all) return one(value ?? '')
    if (name === '*' && quoted) return one(shell.args.join((shell.value('IFS') ?? ' ')[0] ?? ''))
    return shell.args.flatMap((arg, i): readonly Atom[] => [
      ...(i > 0 ? (['next'] as const) : []),
      { text: arg, quoted, split: !quoted },
    ])
  }
}

function trimmed(value: string, operator: string, pattern: readonly Piece[]): string {
  const lengths = Array.from({ length: value.length + 1 }, (_, i) => i)
  // The part that goes: the shortest that fits, or the longest.
  const order = operator.length === 1 ? lengths : lengths.reverse()
  const suffix = operator.startsWith('%')
  const cut = order.find((n) => fits(suffix ? value.slice(value.length - n) : value.slice(0, n), pattern))
  if (cut === undefined) return value
  return suffix ? value.slice(0, value.length - cut) : value.slice(cut)
}

function split(atoms: readonly Atom[], separators: string): readonly (readonly Piece[])[] {
  const fields: (readonly Piece[])[] = []
  let field: Piece[] = []
  const end = (evenEmpty: boolean) => {
    if (field.some(({ text, quoted }) => quoted || text !== '') || evenEmpty) fields.push(field)
    field = []
  }
  const blank = [...separators].filter((c) => ' \t\n'.includes(c)).join('')
  const other = [...separators].filter((c) => !' \t\n'.includes(c)).join('')
  const set = (chars: string) => (chars === '' ? '(?!)' : `[${chars.replaceAll(/[\\\]^-]/g, '\\$&')}]`)
  const separator = new RegExp(`(${set(blank)}*${set(other)}${set(blank)}*)|${set(blank)}+`)
  for (const atom of atoms) {
    if (atom === 'next') end(true)
    else if (!atom.split) field.push(atom)
    else {
      const parts = separators === '' ? [atom.text] : atom.text.split(new RegExp(separator.source, 'g'))
      // Every second one is what separated, when that was more than blanks.
      for (let i = 0; i < parts.length; i += separators === '' ? 1 : 2) {
        if (i > 0) end(parts[i - 1] !== undefined)
        if (parts[i] !== '') field.push({ text: parts[i]!, quoted: false })
      }
    }
  }
  end(false)
  return fields
}

const joined = (pieces: readonly Piece[]) => pieces.map(({ text }) => text).join('')

function pathsOf(shell: Shell, field: readonly Piece[]): readonly string[] {
  const literal = [joined(field)]
  if (shell.options.has('f') || !isPattern(field)) return literal
  const found = matching(shell, field)
  return found.length > 0 ? found : literal
}

function matching(shell: Shell, field: readonly Piece[]): readonly string[] {
  const parts: Piece[][] = [[]]
  for (const { text, quoted } of field) {
    const [first = '', ...rest] = text.split('/')
    parts.at(-1)!.push({ text: first, quoted })
    for (const part of rest) parts.push([{ text: part, quoted }])
  }
  const { files } = shell.system
  const rooted = joined(parts[0]!) === '' && parts.length > 1
  let found: readonly string[] = [rooted ? '/' : '']
  for (const part of rooted ? parts.slice(1) : parts) {
    const text = joined(part)
    if (text === '') {
      found = found.map((start) => (start.endsWith('/') ? start : `${start}/`))
      continue
    }
    const wild = isPattern(part)
    const test = new RegExp(`^${text.startsWith('.') ? '' : '(?!\\.)'}(?:${expressionOf(part, '[^/]')})$`)
    found = found.flatMap((start) => {
      const at = (name: string) => (start === '' || start.endsWith('/') ? start + name : `${start}/${name}`)
      if (!wild) return files.at(path.posix.resolve(shell.cwd, at(text)), false) ? [at(text)] : []
      return files
        .names(path.posix.resolve(shell.cwd, start || '.'))
        .filter((name) => test.test(name))
        .map(at)
    })
  }
  return found
}
