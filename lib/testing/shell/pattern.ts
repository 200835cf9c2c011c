/** A piece of an expanded word: in what was quoted, no character has a meaning. */
export interface Piece {
  readonly text: string
  readonly quoted: boolean
}

const classes: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  xdigit: '0-9A-Fa-f',
  punct: '!-\\/:-@\\[-`{-~',
}

/** Has a word characters that stand for others? */
export function isPattern(pieces: readonly Piece[]): boolean {
  return pieces.some(({ text, quoted }) => !quoted && /[*?[]/.test(text))
}

/** The regular expression for a pattern of the shell; `one` stands for any character. */
export function expressionOf(pieces: readonly Piece[], one = '[^]'): string {
  return pieces.map(({ text, quoted }) => (quoted ? escaped(text) : translated(text, one))).join('')
}

/** Does a text fit a pattern as a whole? */
export function fits(text: string, pieces: readonly Piece[]): boolean {
  return new RegExp(`^(?:${expressionOf(pieces)})$`).test(text)
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

function translated(text: string, one: string): string {
  let found = ''
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    const bracket = c === '[' ? /^\[([!^]?)(\]?(?:\[:\w+:\]|[^\]])*)\]/.exec(text.slice(i)) : undefined
    if (c === '*') found += `${one}*`
    else if (c === '?') found += one
    else if (bracket) {
      const set = bracket[2]!.replaceAll(/\[:(\w+):\]|[\\[\]^]/g, (part, name?: string) =>
        name === undefined ? `\\${part}` : (classes[name] ?? ''),
      )
      found += `[${bracket[1] === '' ? '' : '^'}${set}]`
      i += bracket[0].length - 1
    } else found += escaped(c)
  }
  return found
}
