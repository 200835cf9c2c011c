import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { importAuthored } from '../model/authored.ts'
import { authorsFrame, type Location } from '../model/location.ts'
import type { Playbook } from '../model/playbook.ts'
import { didYouMean, exit, type Problem, Refused } from '../model/problem.ts'
import { advice, circleOf } from './circle.ts'
import { draw } from './draw.ts'

/** The file behind a playbook's path or a role's name. @throws Refused with the nearest name when there is none */
export function findPlaybook(target: string): string {
  const found = fileOf(target)
  if (found !== undefined) return path.resolve(found)
  if (looksLikePath(target)) {
    const folder = path.dirname(target)
    const beside = existsSync(folder)
      ? readdirSync(folder)
          .filter((f) => f.endsWith('.ts'))
          .map((f) => path.join(folder, f))
      : []
    throw new Refused(
      {
        message: `there is no playbook ${target}`,
        hint: didYouMean(target, [...beside, ...playbooks()]) ?? listed(beside.length > 0 ? beside : playbooks()),
      },
      exit.load,
    )
  }
  const known = [...roles(), ...playbooks()]
  throw new Refused(
    {
      message: `there is no role ${target} in roles/, and no playbook of that name`,
      hint: didYouMean(target, known) ?? listed(known),
    },
    exit.load,
  )
}

/** Is this the path of a file that might be a playbook, or the name of a role? */
export function isRunnable(target: string): boolean {
  const file = fileOf(target)
  return file !== undefined && /\.[cm]?[jt]s$/.test(file) && !file.split(path.sep).includes('inventory')
}

function looksLikePath(target: string): boolean {
  return target.includes('/') || /\.[cm]?[jt]s$/.test(target)
}

function fileOf(target: string): string | undefined {
  const ofRole = looksLikePath(target) ? [] : [`roles/${target}/index.ts`, `roles/${target}.ts`]
  return [...ofRole, target, `${target}.ts`, path.join(target, 'index.ts')].find((candidate) =>
    statSync(candidate, { throwIfNoEntry: false })?.isFile(),
  )
}

function listed(names: readonly string[]): string {
  return names.length > 0 ? `there are: ${names.join(', ')}` : 'run it from the folder that has playbooks/ and roles/'
}

/** The roles that can be run by their name: those whose folder has an index.ts. */
export function roles(): readonly string[] {
  if (!existsSync('roles')) return []
  return readdirSync('roles', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join('roles', entry.name, 'index.ts')))
    .map((entry) => entry.name)
}

/** The playbooks of this project. */
export function playbooks(): readonly string[] {
  if (!existsSync('playbooks')) return []
  return readdirSync('playbooks')
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `playbooks/${name}`)
}

/** Imports a playbook file. @throws Refused naming the place when it does not load or does not export a playbook */
export async function loadPlaybook(file: string): Promise<Playbook> {
  const shown = path.relative(process.cwd(), file)
  let module: { default?: unknown }
  try {
    module = (await importAuthored(file)) as { default?: unknown }
  } catch (error) {
    throw new Refused(problemsOf(error, shown), exit.load)
  }
  const found = module.default
  if (typeof found !== 'object' || found === null || (found as { kind?: unknown }).kind !== 'playbook') {
    throw new Refused(
      { message: `${shown} does not export a playbook`, hint: "write: export default playbook('…', [play(…), …])" },
      exit.load,
    )
  }
  return found as Playbook
}

function problemsOf(error: unknown, shown: string): readonly Problem[] {
  if (error instanceof Refused) return error.problems
  if (!(error instanceof Error)) return [{ message: `${shown} cannot be loaded: ${String(error)}` }]
  // What builds the file tells the places in its text.
  const told = [...error.message.matchAll(/^(\/.*?):(\d+):(\d+): ERROR: (.*)$/gm)]
  if (told.length > 0)
    return told.map(([, file = '', line, column, message = '']) => {
      const at = { file, line: Number(line) }
      const syntax = /^(?:Expected|Unexpected|Unterminated) /.test(message)
      const source = syntax ? draw(at, Number(column), true) : undefined
      return {
        message: syntax ? `syntax error: ${message[0]!.toLowerCase()}${message.slice(1)}` : message,
        at,
        ...(source === undefined ? {} : { source }),
      }
    })
  const [first = ''] = error.message.split('\n')
  const missing = /^Cannot find (?:module|package) '(.+?)' imported from (.+)$/.exec(first)
  if (missing) {
    const from = missing[2]!.startsWith('file:') ? fileURLToPath(missing[2]!) : missing[2]!
    const what = missing[1]!.startsWith('file:') ? fileURLToPath(missing[1]!) : missing[1]!
    return [
      {
        message: `${path.relative(process.cwd(), from)} imports ${path.isAbsolute(what) ? path.relative(process.cwd(), what) : what}, which is not there`,
      },
    ]
  }
  // Node puts the place of an import that cannot be linked before the stack.
  const linked = /^(?:file:\/\/)?(\/[^\n?]+?)(?:\?[^\n]*)?:(\d+)\n/.exec(error.stack ?? '')
  const at = linked ? { file: decodeURI(linked[1]!), line: Number(linked[2]) } : authorsFrame(error.stack ?? '')
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : circular(error, at)
  return [
    {
      message: `${shown} cannot be loaded: ${error.message.split('\n').slice(0, 4).join('\n')}`,
      ...(hint ? { hint } : {}),
      ...(at ? { at } : {}),
    },
  ]
}

/** What is not there yet while it is loaded is most likely part of a circle. */
function circular(error: Error, at: Location | undefined): string | undefined {
  const circle = error instanceof TypeError || error instanceof ReferenceError ? at && circleOf(at.file) : undefined
  return circle && advice(circle)
}
