import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { exit, type Problem, Refused } from '../model/problem.ts'
import { stateFolder } from '../model/state-folder.ts'

const place = stateFolder.types
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

/**
 * Checks playbook and inventory with the TypeScript compiler, which sees misspelt variables, wrong results and forgotten awaits.
 * What was found right stays right until one of the files it read changes. @throws Refused with every error and its place
 */
export async function typeCheck(files: readonly string[]): Promise<void> {
  const sources = files.filter((file) => /\.[cm]?ts$/.test(file) && existsSync(file))
  if (sources.length === 0) return
  mkdirSync(place, { recursive: true, mode: 0o700 })
  const key = createHash('sha256')
    .update([process.cwd(), ...sources].join('\0'))
    .digest('hex')
    .slice(0, 16)
  const stamp = path.join(place, `${key}.checked`)
  if (unchanged(stamp)) return
  const config = path.join(place, `${key}.json`)
  const own = existsSync('tsconfig.json') ? path.resolve('tsconfig.json') : undefined
  writeFileSync(
    config,
    JSON.stringify({
      extends: own ?? ours,
      compilerOptions: {
        ...(installed ? {} : { customConditions: ['switchover-source'] }),
        ...(own ? {} : { typeRoots: [ownTypes], paths: ourNames() }),
        skipLibCheck: true,
        allowImportingTsExtensions: true,
        noEmit: true,
        noUnusedLocals: false,
        listFiles: true,
        incremental: false,
      },
      files: sources,
      include: [],
    }),
  )
  const { code, stdout } = await compiler(['-p', config, '--pretty', 'false'])
  const lines = stdout.split('\n')
  const problems = lines.flatMap((line): readonly Problem[] => {
    const match = /^(.+?)\((\d+),\d+\): error (TS\d+): (.*)$/.exec(line)
    // What is wrong in this library is not the operator's to mend.
    return match && (process.cwd() + path.sep).startsWith(home) === path.resolve(match[1]!).startsWith(home)
      ? [{ message: `${match[4]} [${match[3]}]`, at: { file: path.resolve(match[1]!), line: Number(match[2]) } }]
      : []
  })
  if (problems.length > 0) throw new Refused(problems, exit.load)
  if (code !== 0 && !lines.some((line) => /: error TS\d+: /.test(line)))
    throw new Refused(
      {
        message: `the type check could not run: ${stdout.trim().slice(0, 2000)}`,
        hint: 'skip it with --no-type-check',
      },
      exit.load,
    )
  const read = lines.filter((line) => line.startsWith('/') && existsSync(line))
  writeFileSync(stamp, JSON.stringify(read.map((file) => [file, statSync(file).mtimeMs, statSync(file).size])))
}

function unchanged(stamp: string): boolean {
  if (!existsSync(stamp)) return false
  try {
    const files = JSON.parse(readFileSync(stamp, 'utf8')) as readonly (readonly [string, number, number])[]
    return (
      files.length > 0 &&
      files.every(([file, time, size]) => {
        const now = statSync(file)
        return now.mtimeMs === time && now.size === size
      })
    )
  } catch {
    return false
  }
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
