import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { importAuthored } from '../authored.ts'
import { exit, Refused } from '../model/problem.ts'
import { passedOver, readAnsibleConfig } from './ansible-config.ts'
import { checkSettings, type FoundSettings, type Option, type OptionName, options } from './options.ts'

const places = [
  'run.config.ts',
  'run.config.mjs',
  'run.config.js',
  'run.config.json',
  '.runrc',
  '.runrc.json',
  '.runrc.yaml',
  '.runrc.yml',
  'package.json',
]

/**
 * Defaults for options of the command line: our own settings, and below them Ansible's, unless the `line` or the
 * settings leave those out. @throws Refused with every unknown or ill-typed setting
 */
export async function allSettings(line: Readonly<Record<string, unknown>> = {}): Promise<FoundSettings> {
  const own = await readSettings()
  if ((line['ansible-config'] ?? own.values['ansible-config']) === false) return own
  const told = passedOver()
  if (told !== undefined) process.stderr.write(`[WARNING]: ${told}\n`)
  const { values, from } = readAnsibleConfig()
  for (const [name, value] of Object.entries(values)) {
    const [problem] = checkSettings({ [name]: value })
    if (problem)
      throw new Refused({ ...problem, message: `${from[name as OptionName]}: ${problem.message}` }, exit.load)
  }
  return { ...own, values: { ...values, ...own.values }, from: withoutThose(from, own.values) }
}

function withoutThose(from: Readonly<Record<string, string>>, own: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(from).filter(([name]) => own[name] === undefined))
}

/**
 * Defaults for options of the command line, from run.config.ts and its usual relatives in this folder or in one above
 * it within the project. @throws Refused with every unknown or ill-typed setting
 */
export async function readSettings(cwd = process.cwd()): Promise<FoundSettings> {
  const found = await find(cwd)
  if (!found) return { values: {} }
  const file = path.relative(cwd, found.file) || found.file
  if (typeof found.content !== 'object' || found.content === null || Array.isArray(found.content))
    throw new Refused(
      { message: `the settings in ${file} must be names of options with values`, hint: sample },
      exit.load,
    )
  const given = found.content as Readonly<Record<string, unknown>>
  const problems = checkSettings(given)
  if (problems.length > 0)
    throw new Refused(
      problems.map((p) => ({ ...p, message: `${file}: ${p.message}` })),
      exit.load,
    )
  const values = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const option = (options as Readonly<Record<string, Option>>)[name]!
      const resolved = option.path
        ? [value].flat().map((v) => fromFolder(String(v), option.path === 'dotted', path.dirname(found.file), cwd))
        : [value].flat()
      return [name, option.kind === 'texts' ? resolved : resolved[0]]
    })
  return { file, values: Object.fromEntries(values) as FoundSettings['values'] }
}

// A path in a settings file starts at that file; what the operator reads of it starts where the operator is.
function fromFolder(given: string, dotted: boolean, folder: string, cwd: string): string {
  if ((dotted && !given.startsWith('.')) || given.startsWith('~') || path.isAbsolute(given) || given.includes(','))
    return given
  return path.relative(cwd, path.resolve(folder, given)) || '.'
}

async function find(cwd: string): Promise<{ readonly file: string; readonly content: unknown } | undefined> {
  // cosmiconfig's own .ts loader wants an older TypeScript; ours is registered already.
  const load = async (file: string) => ((await importAuthored(file)) as { default: unknown }).default
  for (const folder of foldersOf(cwd)) {
    if (!mayHaveSettings(folder)) continue
    const { cosmiconfig } = await import('cosmiconfig')
    const explorer = cosmiconfig('run', {
      searchPlaces: places,
      loaders: { '.ts': load, '.mjs': load, '.js': load },
      searchStrategy: 'none',
      cache: false,
    })
    try {
      const found = await explorer.search(folder)
      if (found) return { file: found.filepath, content: found.isEmpty ? {} : (found.config as unknown) }
    } catch (error) {
      const file = places.find((name) => existsSync(path.join(folder, name)))
      throw new Refused(
        {
          message:
            `the settings${file ? ` in ${path.relative(cwd, path.join(folder, file))}` : ''} ` +
            `cannot be loaded: ${reason(error)}`,
          hint: sample,
        },
        exit.load,
      )
    }
  }
  return undefined
}

// Most folders have none, and looking into each of them properly takes longer than the rest of the start.
function mayHaveSettings(folder: string): boolean {
  return places.some((name) => {
    const file = path.join(folder, name)
    if (!existsSync(file) || name !== 'package.json') return existsSync(file)
    // A program of that name stands in it as well, as a text.
    return /"run"\s*:\s*\{/.test(readFileSync(file, 'utf8'))
  })
}

/**
 * From here up to the project's package.json; outside a project only here: what lies further up, as in /tmp, may be a
 * stranger's.
 */
export function foldersOf(cwd: string): readonly string[] {
  const folders: string[] = []
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    folders.push(folder)
    if (existsSync(path.join(folder, 'package.json'))) return folders
    if (path.dirname(folder) === folder) return [cwd]
  }
}

const sample = 'write them like { forks: 20 }, behind export default in a .ts or .js, or move the file away'

function reason(error: unknown): string {
  return error instanceof Error ? error.message.split('\n').slice(0, 4).join('\n') : String(error)
}
