import path from 'node:path'
import { importsOf } from './sources.ts'

/**
 * The files that import each other in a circle through this one, in the order of the imports; undefined when there is
 * none.
 */
export function circleOf(file: string): readonly string[] | undefined {
  // Each file once, by the shortest way that leads to it.
  const ways: (readonly string[])[] = [[file]]
  const met = new Set<string>()
  for (const way of ways) {
    for (const next of importsOf(way.at(-1)!)) {
      if (next === file) return way
      if (met.has(next)) continue
      met.add(next)
      ways.push([...way, next])
    }
  }
  return undefined
}

/** How to come out of a circle: `a.ts → b.ts → a.ts`, begun with the same file from wherever it was found. */
export function advice(circle: readonly string[]): string {
  const first = circle.indexOf([...circle].sort()[0]!)
  const turned = [...circle.slice(first), ...circle.slice(0, first)]
  const shown = [...turned, turned[0]!].map((file) => path.relative(process.cwd(), file)).join(' → ')
  return `these import each other: ${shown}; put what both need into a file of its own`
}
