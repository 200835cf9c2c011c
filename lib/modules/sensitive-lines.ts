const telltale =
  /^(\s*(?:#|;|\/\/)?\s*(?:export\s+)?["']?[\w.-]*(?:passw(?:or)?d|secret|token|passphrase|credential)[\w.-]*["']?\s*[=:]\s*)(?!‹)\S.*$/i
const credentials = /(:\/\/[^/\s:@]*:)[^@\s‹]+(@)/g

/**
 * Two texts as they may be shown: lines that look like holding a password lose it, for a diff also shows what stands
 * around
 * a change and what goes away. What differs still differs.
 */
export function withoutPasswords(before: string, after: string): { readonly before: string; readonly after: string } {
  let kept: ReadonlySet<string> | undefined
  const same = (line: string) => (kept ??= common(before, after)).has(line)
  return { before: hide(before, 'before', same), after: hide(after, 'after', same) }
}

// Where a line that one of the two patterns knows could be: texts have thousands of lines, and few are of that kind.
const hint = /passw(?:or)?d|secret|token|passphrase|credential|:\/\//gi

function hide(text: string, when: string, same: (line: string) => boolean): string {
  let done = ''
  let from = 0
  for (const { index } of text.matchAll(hint)) {
    if (index < from) continue
    const start = text.lastIndexOf('\n', index) + 1
    const end = text.indexOf('\n', index)
    const line = text.slice(start, end < 0 ? text.length : end)
    const mark = same(line) ? '‹masked›' : `‹masked, ${when}›`
    done += text.slice(from, start) + line
      .replace(telltale, (_, head: string) => head + mark)
      .replace(credentials, (_, head: string, tail: string) => head + mark + tail)
    from = end < 0 ? text.length : end
  }
  return done + text.slice(from)
}

function common(before: string, after: string): ReadonlySet<string> {
  const old = new Set(before.split('\n'))
  return new Set(after.split('\n').filter((line) => old.has(line)))
}
