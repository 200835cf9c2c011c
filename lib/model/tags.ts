/**
 * Is a task with these tags (inherited ones included) selected by --tags and --skip-tags? No wanted tags: all but
 * `never`.
 */
export function selects(tags: readonly string[], wanted: readonly string[], skipped: readonly string[]): boolean {
  const own = tags.length === 0 ? ['untagged'] : tags
  const asked = wanted.length === 0 ? ['all'] : wanted
  const untagged = own.every((tag) => tag === 'untagged')
  const meets = (others: readonly string[]) => own.some((tag) => others.includes(tag))

  const runs =
    own.includes('always') ||
    meets(asked) ||
    (asked.includes('all') && !own.includes('never')) ||
    (asked.includes('tagged') && !untagged && !own.includes('never'))
  if (!runs) return false

  // A skipped `all` spares the tasks tagged always, whatever else is skipped.
  if (skipped.includes('all')) return own.includes('always') && !skipped.includes('always')
  return !meets(skipped) && !(skipped.includes('tagged') && !untagged)
}

/** The words that select without being anybody's tag. */
export const specialTags: readonly string[] = ['all', 'always', 'never', 'tagged', 'untagged']

/** The tags of a repeated flag, each a list with commas. */
export function splitTags(given: readonly string[]): readonly string[] {
  return given
    .flatMap((list) => list.split(','))
    .map((tag) => tag.trim())
    .filter(Boolean)
}
