import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isOfDisk, onDisk } from '../model/disk.ts'
import { exit, Refused } from '../model/problem.ts'
import { stateFolder } from '../model/state-folder.ts'
import { foldersOf } from './settings.ts'
import { compilerErrors, problemsOf } from './type-errors.ts'

const home = path.resolve(import.meta.dirname, '../..') + path.sep
const ownTypes = path.dirname(path.dirname(createRequire(import.meta.url).resolve('@types/node/package.json')))

// For a folder without a tsconfig.json: what projects extend, and the types of Node at hand.
const ours = path.join(home, 'tsconfig.project.json')

// A checkout that is linked into a project has no declarations, only its sources.
const installed = home.includes(`${path.sep}node_modules${path.sep}`)

/** This library by its names, for a folder in which nobody installed it. */
function ourNames(): Readonly<Record<string, readonly string[]>> {
  const { exports } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  }
  return Object.fromEntries(
    Object.entries(exports).flatMap(([name, place]) =>
      typeof place === 'string'
        ? []
        : [[path.join('switchover', name), [path.join(home, place[installed ? 'types' : 'switchover-source']!)]]],
    ),
  )
}

// How the loader takes the files of authors, whatever their package.json says: each one a module, by the names it is
// given.
const asLoaded = { module: 'ESNext', moduleResolution: 'Bundler', moduleDetection: 'force' }

/**
 * Checks playbook and inventory with the TypeScript compiler, which sees misspelt variables, wrong results and
 * forgotten awaits. What was found right stays right until something changes that was read for it: a source, the
 * settings of the compiler and what they extend, what is installed. @throws Refused with every error and its place
 */
export async function typeCheck(files: readonly string[]): Promise<void> {
  const sources = files.filter((file) => /\.[cm]?ts$/.test(file) && existsSync(file)).map((file) => realpathSync(file))
  const [playbook] = sources
  if (playbook === undefined) return
  const folders = [...new Set([...foldersOf(path.dirname(playbook)), process.cwd()])]
  const own = folders.map((folder) => path.join(folder, 'tsconfig.json')).find((file) => existsSync(file))
  const settings = JSON.stringify({
    extends: own ?? ours,
    compilerOptions: {
      ...(installed ? {} : { customConditions: ['switchover-source'] }),
      ...(own ? asLoaded : { typeRoots: [ownTypes], paths: ourNames() }),
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      noUnusedLocals: false,
      listFiles: true,
      incremental: false,
    },
    files: sources,
    include: [],
  })
  const key = createHash('sha256').update(settings).digest('hex').slice(0, 16)
  if (unchanged(path.join(stateFolder.types, `${key}.checked`))) return
  const config = written(`${key}.json`, settings)
  const { code, stdout } = await compiler(['-p', config, '--pretty', 'false'])
  const errors = compilerErrors(stdout)
  // What is wrong in this library is not the operator's to mend.
  const inLibrary = (file: string) => `${path.resolve(file)}${path.sep}`.startsWith(home)
  const theirs = errors.filter(({ file }) => inLibrary(file) === inLibrary(process.cwd()))
  if (theirs.length > 0)
    throw new Refused(
      await problemsOf(theirs.map((error) => ({ ...error, file: path.resolve(error.file) }))),
      exit.load,
    )
  if (code !== 0 && errors.length === 0)
    throw new Refused(
      {
        message: `the type check could not run: ${stdout.trim().slice(0, 2000)}`,
        hint: 'skip it with --no-type-check',
      },
      exit.load,
    )
  const read = stdout.split('\n').filter((line) => line.startsWith('/') && existsSync(line))
  const around = folders.flatMap((folder) =>
    ['tsconfig.json', 'node_modules/.package-lock.json'].map((name) => path.join(folder, name)),
  )
  const settled = [...new Set([...read, ...around, ...extended(own ?? ours)])]
  try {
    writeFileSync(config.replace(/json$/, 'checked'), JSON.stringify(settled.map((file) => [file, ...stateOf(file)])))
  } catch (error) {
    // A verdict that cannot be kept is found again the next time.
    if (!isOfDisk(error)) throw error
  }
}

/**
 * Writes the compiler's settings where verdicts are kept, and gives the path; where they cannot be, into a folder for
 * this time alone. @throws Refused where there is no room for that either
 */
function written(name: string, settings: string): string {
  const kept = path.join(stateFolder.types, name)
  try {
    mkdirSync(stateFolder.types, { recursive: true, mode: 0o700 })
    writeFileSync(kept, settings)
    return kept
  } catch {
    const own = path.join(tmpdir(), 'switchover-types-')
    return onDisk(own, () => {
      const made = mkdtempSync(own)
      process.on('exit', () => rmSync(made, { recursive: true, force: true }))
      const file = path.join(made, name)
      writeFileSync(file, settings)
      return file
    })
  }
}

function unchanged(stamp: string): boolean {
  if (!existsSync(stamp)) return false
  try {
    const files = JSON.parse(readFileSync(stamp, 'utf8')) as readonly (readonly [string, number, number])[]
    return (
      files.length > 0 &&
      files.every(([file, time, size]) => {
        const [now, large] = stateOf(file)
        return now === time && large === size
      })
    )
  } catch {
    return false
  }
}

/** When a file was last changed and how large it is; zeros for one that is not there. */
function stateOf(file: string): readonly [time: number, size: number] {
  const { mtimeMs = 0, size = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {}
  return [mtimeMs, size]
}

/** A file of compiler settings, and all that it extends. */
function extended(file: string): readonly string[] {
  const found = [file]
  for (const one of found)
    for (const name of extendedBy(one)) {
      const target = resolved(name, one)
      if (target !== undefined && !found.includes(target)) found.push(target)
    }
  return found
}

function extendedBy(file: string): readonly string[] {
  // Comments and commas at an end may stand in it; strings are passed over.
  const text = readFileSync(file, 'utf8')
    .replace(/("(?:\\.|[^"\\])*")|\/\/.*|\/\*[^]*?\*\//g, '$1')
    .replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, '$1')
  try {
    const { extends: names = [] } = JSON.parse(text) as { readonly extends?: string | readonly string[] }
    return [names].flat()
  } catch {
    // The compiler says what is wrong with it.
    return []
  }
}

function resolved(name: string, from: string): string | undefined {
  const isPath = /^(?:\.{1,2}$|\.{0,2}\/)/.test(name)
  for (const one of [name, `${name}.json`, `${name}/tsconfig.json`])
    try {
      const file = isPath ? path.resolve(path.dirname(from), one) : createRequire(from).resolve(one)
      if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file
    } catch {
      // Another spelling may be the one.
    }
  return undefined
}

// An installation may leave the compiler out, which is half of it.
function findCompiler(): string {
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  } catch {
    throw new Refused(
      {
        message: 'there is no TypeScript to check types with',
        hint: 'npm install --save-dev typescript, or go without: --no-type-check',
      },
      exit.load,
    )
  }
}

function compiler(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const tsc = findCompiler()
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tsc, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, stdout: Buffer.concat(chunks).toString() }))
  })
}
