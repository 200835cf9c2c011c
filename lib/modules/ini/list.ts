/** A value that is a list (`a,b` or one item a line) with items added where missing and removed where present. */
export function editList(value: string, add: readonly string[], remove: readonly string[]): string {
  const separator = separatorOf(value)
  const items = splitList(value, separator)
  const kept = items.filter((item) => !remove.includes(item))
  const missing = add.filter((item, at) => !kept.includes(item) && add.indexOf(item) === at)
  if (kept.length === items.length && missing.length === 0) return value
  const lead = separator === '\n' && value.startsWith('\n') ? '\n' : ''
  const list = [...kept, ...missing]
  return list.length === 0 ? '' : lead + list.join(separator)
}

function splitList(value: string, separator: string): string[] {
  return value
    .split(separator === '\n' ? '\n' : ',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function separatorOf(value: string): string {
  if (value.includes('\n') && !value.includes(',')) return '\n'
  return /,\s/.test(value) ? ', ' : ','
}
