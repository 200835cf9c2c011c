import { sh } from '../../../kit/shell.ts'

/**
 * Which paths of a tree are left out, with all below them. A pattern without a slash is for names anywhere, one with a
 * slash for paths from the root of the tree; one that ends in a slash is for directories only. `*` and `?` stop at a
 * slash, `**` does not.
 */
export function excluder(patterns: readonly string[]): (path: string, directory: boolean) => boolean {
  const tests = patterns.map((pattern) => {
    const bare = pattern.replace(/^\//, '').replace(/\/$/, '')
    return {
      whole: /\//.test(pattern.replace(/\/$/, '')),
      onlyDirectories: pattern.endsWith('/'),
      expression: new RegExp(`^${translated(bare)}$`, 's'),
    }
  })
  const one = (path: string, directory: boolean) =>
    tests.some(
      ({ whole, onlyDirectories, expression }) =>
        (directory || !onlyDirectories) && expression.test(whole ? path : path.slice(path.lastIndexOf('/') + 1)),
    )
  return (path, directory) => {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
      if (one(path.slice(0, slash), true)) return true
    return one(path, directory)
  }
}

/** The words by which find does not even enter what is left out: it may be closed, or very large. */
export function pruned(patterns: readonly string[]): string {
  return patterns
    .filter((pattern) => !/\/./.test(pattern) && !pattern.includes('**'))
    .map((pattern) => (pattern.endsWith('/') ? sh`-type d -name ${pattern.slice(0, -1)}` : sh`-name ${pattern}`))
    .map((test) => `${test} ! -path . -prune -o`)
    .join(' ')
}

function translated(pattern: string): string {
  const parts = pattern.match(/\*\*\/?|\*|\?|\[[!^]?\]?[^\]]*\]|[^]/g) ?? []
  return parts
    .map((part) => {
      if (part === '**/') return '(?:.*/)?'
      if (part === '**') return '.*'
      if (part === '*') return '[^/]*'
      if (part === '?') return '[^/]'
      if (part.length > 1) return part.replace(/^\[[!^]/, '[^').replaceAll('\\', '\\\\')
      return part.replace(/[\\^$.|+(){}[\]]/, '\\$&')
    })
    .join('')
}
