const telltale =
  /^(\s*(?:#|;|\/\/)?\s*(?:export\s+)?["']?[\w.-]*(?:passw(?:or)?d|secret|token|passphrase|credential)[\w.-]*["']?\s*[=:]\s*)(?!‹)\S.*$/i
const credentials = /(:\/\/[^/\s:@]*:)[^@\s‹]+(@)/g

/**
 * Two texts as they may be shown: lines that look like holding a password lose it, for a diff also shows what stands
 * around
 * a change and what goes away. What differs still differs.
 */
export function withoutPasswords(before: string, after: string): { readonly before: string; readonly after: string } {
  const old = new Set(before.split('\n'))
  const kept = new Set(after.split('\n').filter((line) => old.has(line)))
  const hide = (text: string, when: string) =>
    text
      .split('\n')
      .map((line) => {
        const mark = kept.has(line) ? '‹masked›' : `‹masked, ${when}›`
        return line
          .replace(telltale, (_, head: string) => head + mark)
          .replace(credentials, (_, head: string, tail: string) => head + mark + tail)
      })
      .join('\n')
  return { before: hide(before, 'before'), after: hide(after, 'after') }
}
