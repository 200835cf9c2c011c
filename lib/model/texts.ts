/** A value from outside with every text and key in it changed; the same object when nothing had to be. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  return deep(value, change, 0) as T
}

function deep(value: unknown, change: (text: string) => string, depth: number): unknown {
  if (typeof value === 'string') return change(value)
  if (typeof value !== 'object' || value === null || depth > 64) return value
  if (Array.isArray(value)) {
    let changed = false
    const items = value.map((item: unknown) => {
      const one = deep(item, change, depth + 1)
      changed ||= one !== item
      return one
    })
    return changed ? items : value
  }
  // Locations find themselves on demand and are costly to look at; they hold places in files, no texts of hosts.
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  let changed = false
  const entries = Object.entries(value).map(([key, item]) => {
    const name = change(key)
    const one = deep(item, change, depth + 1)
    changed ||= one !== item || name !== key
    return [name, one] as const
  })
  return changed ? Object.fromEntries(entries) : value
}
