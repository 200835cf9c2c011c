const keys = '(?:api|access|private|auth|encryption|shared)[_-]?key'
// As words of their own: not every name that holds these letters is a password's.
const short = '(?<![a-z])(?:pass|pwd|psk)(?![a-z])'
const words = `passw(?:or)?d|secret|token|passphrase|credential|${keys}|${short}`
const telltale = new RegExp(
  `^(\\s*(?:#|;|//)?\\s*(?:export\\s+)?["']?[\\w.-]*(?:${words})[\\w.-]*["']?\\s*[=:]\\s*)(?!‹)\\S.*$`,
  'i',
)
const key = /^(-----BEGIN [A-Z ]*PRIVATE KEY-----)\n[^]*$/
const credentials = /(:\/\/[^/\s:@]*:)[^@\s‹]+(@)/g

/**
 * Two texts as they may be shown: lines that look like holding a password lose it, for a diff also shows what stands
 * around a change and what goes away. What differs still differs.
 */
export function withoutPasswords(before: string, after: string): { readonly before: string; readonly after: string } {
  const old = suspects(before)
  const current = suspects(after)
  const lines = new Set(current.map(({ line }) => line))
  const same = new Set(old.map(({ line }) => line).filter((line) => lines.has(line)))
  return { before: hide(before, old, 'before', same), after: hide(after, current, 'after', same) }
}

/** Is there a line in it that looks like holding a password? */
export function holdsPasswords(text: string): boolean {
  return suspects(text).some(({ line }) => telltale.test(line) || key.test(line) || line.search(credentials) >= 0)
}

// Where a line that one of the two patterns knows could be: texts have thousands of lines, and few are of that kind.
const hint = new RegExp(`${words}|://|^-----BEGIN [A-Z ]*PRIVATE KEY`, 'gim')

interface Suspect {
  readonly start: number
  readonly end: number
  readonly line: string
}

function suspects(text: string): readonly Suspect[] {
  const found: Suspect[] = []
  let from = 0
  for (const { index } of text.matchAll(hint)) {
    if (index < from) continue
    const start = text.lastIndexOf('\n', index) + 1
    const end = endOf(text, index)
    found.push({ start, end, line: text.slice(start, end) })
    from = end
  }
  return found
}

/** The end of the line, or of the whole key that begins there. */
function endOf(text: string, index: number): number {
  const last = text.startsWith('-----BEGIN', index) ? /^-----END [^\n]*/m.exec(text.slice(index)) : undefined
  const newline = text.indexOf('\n', index)
  return last ? index + last.index + last[0].length : newline < 0 ? text.length : newline
}

function hide(text: string, lines: readonly Suspect[], when: string, same: ReadonlySet<string>): string {
  let done = ''
  let from = 0
  for (const { start, end, line } of lines) {
    const mark = same.has(line) ? '‹masked›' : `‹masked, ${when}›`
    done +=
      text.slice(from, start) +
      line
        .replace(key, (_, head: string) => `${head}\n${mark}`)
        .replace(telltale, (_, head: string) => head + mark)
        .replace(credentials, (_, head: string, tail: string) => head + mark + tail)
    from = end
  }
  return done + text.slice(from)
}
