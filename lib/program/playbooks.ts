import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { importAuthored } from '../authored.ts'
import { authorsFrame, type Location } from '../model/location.ts'
import type { AnyRole, Playbook } from '../model/playbook.ts'
import { didYouMean, exit, type Problem, Refused } from '../model/problem.ts'
import { advice, circleOf } from './circle.ts'
import { draw } from './draw.ts'

/**
 * The file behind a playbook's path or a role's name. @throws Refused with the nearest name when there is none
 */
export function findPlaybook(target: string): string {
  const found = fileOf(target)
  if (found !== undefined && /\.[cm]?[jt]s$/.test(found)) return path.resolve(found)
  if (found !== undefined)
    throw new Refused(
      {
        message: `${found} is not TypeScript, and playbooks are`,
        hint: /\.ya?ml$/.test(found)
          ? `how to write it: ${comingFromAnsible}`
          : "they export default playbook('…', [play(…)])",
      },
      exit.load,
    )
  if (looksLikePath(target) || /\.ya?ml$/.test(target)) {
    const beside = playbooksIn(path.dirname(target))
    const translated = target.replace(/\.ya?ml$/, '.ts')
    throw new Refused(
      {
        message: `there is no playbook ${target}`,
        hint: existsSync(translated)
          ? `did you mean ${translated}?`
          : (didYouMean(target, [...beside, ...playbooks()]) ?? listed(beside.length > 0 ? beside : playbooks())),
      },
      exit.load,
    )
  }
  const known = [...roles(), ...playbooks()]
  const here = playbooksIn('.')
  throw new Refused(
    {
      message: `there is no role ${target} in roles/, and no playbook of that name`,
      hint: didYouMean(target, [...known, ...here]) ?? listed(known.length > 0 ? known : here),
    },
    exit.load,
  )
}

const comingFromAnsible = path.resolve(import.meta.dirname, '../guide/from-ansible.md')

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
  return [...ofRole, target, `${target}.ts`, path.join(target, 'index.ts')].find(
    (candidate) => existsSync(candidate) && statSync(candidate).isFile(),
  )
}

function listed(names: readonly string[]): string {
  return names.length > 0 ? `there are: ${names.join(', ')}` : 'run it from the folder that has playbooks/ and roles/'
}

/** The files of a folder that may be playbooks. */
function playbooksIn(folder: string): readonly string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !/\.(?:d|config|test)\.ts$/.test(name))
    .map((name) => path.join(folder, name))
}

/** The roles that can be run by their name: `roles/web.ts`, `roles/web/index.ts`. */
export function roles(): readonly string[] {
  if (!existsSync('roles')) return []
  return readdirSync('roles', { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? existsSync(path.join('roles', entry.name, 'index.ts'))
        ? [entry.name]
        : []
      : (/^(?!index\.)([^.]+)\.ts$/.exec(entry.name)?.slice(1) ?? []),
  )
}

/** The playbooks of this project. */
export function playbooks(): readonly string[] {
  if (!existsSync('playbooks')) return []
  return readdirSync('playbooks')
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `playbooks/${name}`)
}

/**
 * Imports the file of a playbook, or of a role, which is then all of one. `unlimited` says what to type where a role
 * does not say which hosts it belongs to; without it, whoever asks wants no hosts.
 * @throws Refused naming the place when it does not load or exports neither
 */
export async function loadPlaybook(file: string, unlimited?: string): Promise<Playbook> {
  const shown = path.relative(process.cwd(), file)
  let module: Readonly<Record<string, unknown>>
  try {
    module = (await importAuthored(file)) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw new Refused(problemsOf(error, shown), exit.load)
  }
  if (isKind<Playbook>(module['default'], 'playbook')) return module['default']
  const role = roleIn(module, path.basename(file, path.extname(file)), path.basename(path.dirname(file)))
  if (!role) throw new Refused(notRunnable(module, shown), exit.load)
  if (role.hosts === undefined && unlimited !== undefined)
    throw new Refused(
      {
        message: `the role ${role.name} does not say which hosts it belongs to`,
        hint: `${unlimited}, or declare it: role('${role.name}', { … }, { hosts: '…' }, …)`,
        at: role.at,
      },
      exit.usage,
    )
  const { name, at, hosts = 'all' } = role
  return { kind: 'playbook', name, at, plays: [{ kind: 'play', name, at, options: { hosts }, roles: [role] }] }
}

function isKind<T>(value: unknown, kind: string): value is T {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === kind
}

/** The role of a module: its default, the one that has the file's or the folder's name, or the only one there is. */
function roleIn(module: Readonly<Record<string, unknown>>, ...names: readonly string[]): AnyRole | undefined {
  const found = Object.values(module).filter((value) => isKind<AnyRole>(value, 'role'))
  if (isKind<AnyRole>(module['default'], 'role')) return module['default']
  return found.find(({ name }) => names.includes(name)) ?? (found.length === 1 ? found[0] : undefined)
}

/** Why a module cannot be run, by what it exports instead. */
function notRunnable(module: Readonly<Record<string, unknown>>, shown: string): Problem {
  const given = module['default']
  const named = (kind: string) => Object.keys(module).filter((name) => name !== 'default' && isKind(module[name], kind))
  const [message, hint] = isKind(given, 'play')
    ? [`${shown} exports a play`, "write: export default playbook('…', [play(…)])"]
    : Array.isArray(given)
      ? [`${shown} exports a list`, "write: export default playbook('…', [play(…), …])"]
      : named('playbook').length > 0
        ? [
            `${shown} exports the playbook ${named('playbook')[0]} by its name`,
            "write: export default playbook('…', …)",
          ]
        : named('role').length > 0
          ? [
              `${shown} exports several roles: ${named('role').join(', ')}`,
              'export default the one to be run by this name',
            ]
          : [`${shown} does not export a playbook`, "write: export default playbook('…', [play(…), …])"]
  return { message, hint }
}

/** Why a file of an author cannot be loaded, with the places. */
export function problemsOf(error: unknown, shown: string): readonly Problem[] {
  if (error instanceof Refused) return error.problems
  if (!(error instanceof Error))
    return [{ message: `${shown} cannot be loaded: ${String(error)}`, hint: 'throw an Error, which knows its place' }]
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
        ...(source === undefined ? { hint: nameMeant(message) ?? inPlace } : { source }),
      }
    })
  const [first = ''] = error.message.split('\n')
  const missing = /^Cannot find (?:module|package) '(.+?)' imported from (.+)$/.exec(first)
  if (missing) {
    const from = missing[2]!.startsWith('file:') ? fileURLToPath(missing[2]!) : missing[2]!
    const what = missing[1]!.startsWith('file:') ? fileURLToPath(missing[1]!) : missing[1]!
    const [importer, imported] = [from, what].map((one) =>
      path.isAbsolute(one) ? path.relative(process.cwd(), one) : one,
    )
    const hint = isPackage(what)
      ? `install it: npm install ${imported}`
      : (beside(what) ?? 'correct the path, or write it')
    return [{ message: `${importer} imports ${imported}, which is not there`, hint }]
  }
  // Node puts the place of an import that cannot be linked before the stack.
  const linked = /^(?:file:\/\/)?(\/[^\n?]+?)(?:\?[^\n]*)?:(\d+)\n/.exec(error.stack ?? '')
  const at = linked ? { file: decodeURI(linked[1]!), line: Number(linked[2]) } : authorsFrame(error.stack ?? '')
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : circular(error, at)
  return [
    {
      message: `${shown} cannot be loaded: ${error.message.split('\n').slice(0, 4).join('\n')}`,
      hint: hint ?? nameMeant(error.message) ?? inPlace,
      ...(at ? { at } : {}),
    },
  ]
}

const inPlace = 'it comes up while the file is loaded, before any task: mend it there'

/** Of an import of what its file does not export: the name there that it resembles. */
function nameMeant(message: string): string | undefined {
  const [, file = '', name = ''] =
    /^The requested module '(.+)' does not provide an export named '(.+)'/.exec(message) ?? []
  return path.isAbsolute(file) && existsSync(file)
    ? didYouMean(name, readFileSync(file, 'utf8').match(/[A-Za-z_$][\w$]*/g) ?? [])
    : undefined
}

const isPackage = (imported: string) => !/^[./]/.test(imported)

/** The file beside one that is not there that was most likely meant. */
function beside(file: string): string | undefined {
  const folder = path.dirname(file)
  return existsSync(folder) ? didYouMean(path.basename(file), readdirSync(folder)) : undefined
}

/** What is not there yet while it is loaded is most likely part of a circle. */
function circular(error: Error, at: Location | undefined): string | undefined {
  const circle = error instanceof TypeError || error instanceof ReferenceError ? at && circleOf(at.file) : undefined
  return circle && advice(circle)
}
