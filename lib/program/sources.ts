import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

// Types are gone before anything is loaded, and change nothing.
const imports = /^\s*(?:import|export)\s(?!type\b)(?:[^'"`;]*?\bfrom\s*)?['"](\.[^'"]*)['"]/gm

/** The files that a file imports by their paths. */
export function importsOf(file: string): readonly string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  return [...text.matchAll(imports)].flatMap(([, name]) => {
    const target = path.resolve(path.dirname(file), name!)
    return (
      [target, `${target}.ts`, path.join(target, 'index.ts')].find((one) =>
        statSync(one, { throwIfNoEntry: false })?.isFile(),
      ) ?? []
    )
  })
}

const library = path.resolve(import.meta.dirname, '..') + path.sep

/**
 * The checksums of a playbook's file, of those that it imports by their paths, and of the list of its packages, by
 * their paths from here.
 */
export function checksumsOf(file: string): Readonly<Record<string, string>> {
  const all = new Set([file])
  for (const one of all) for (const next of importsOf(one)) if (!next.startsWith(library)) all.add(next)
  const packages = packageList(path.dirname(file))
  return Object.fromEntries(
    [...all, ...(packages ? [packages] : [])].map((one) => [path.relative(process.cwd(), one), checksum(one)]).sort(),
  )
}

function checksum(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('base64').slice(0, 22)
}

function packageList(folder: string): string | undefined {
  const file = path.join(folder, 'package-lock.json')
  if (existsSync(file)) return file
  const above = path.dirname(folder)
  return above === folder ? undefined : packageList(above)
}
