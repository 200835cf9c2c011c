import { refuseUnknown } from '../model/option-names.ts'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Eta } from 'eta'
import { performStep, type Step } from '../kit/command.ts'
import { checkedMeta, metaNames } from '../kit/file-meta.ts'
import { localFile, unusable } from '../kit/local-file.ts'
import { filePath, type PathState } from '../kit/path-state.ts'
import type { Written } from '../kit/written.ts'
import { Advice, operation } from '../model/operation.ts'
import type { FileMeta, LocalFile, Operation } from '../model/operation.ts'
import { didYouMean } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'
import { lookAtContent, planContent } from './file/content.ts'

/** What a template may use, as `it`. */
export type TemplateVars = Readonly<Record<string, unknown>>

/**
 * A file made of a template of the controller machine; otherwise as `file.content`. Templates are those of eta:
 * `<%= it.name %>` puts a value in, `<% … %>` is code, and a line that holds nothing but code leaves no line.
 *
 * ```ts
 * task('Configure the proxy', (host) => templateFile('files/haproxy.cfg.eta', '/etc/haproxy/haproxy.cfg', {
 *   backends: host.vars.controllers, password: host.vars.statsPassword,
 * }, { mode: '0640', validate: 'haproxy -c -f %s' }))
 * ```
 * The template's path begins at the file that says it. A variable that was not given is an error; a secret is masked
 * wherever the result is shown.
 */
export function templateFile(
  localPath: string,
  to: string,
  vars: TemplateVars = {},
  meta: FileMeta = {},
): Operation<Written> {
  refuseUnknown('templateFile', meta, metaNames)
  return bringTemplate({ local: localFile(localPath), path: filePath(to), vars, meta: checkedMeta(meta) })
}

interface Wish {
  readonly local: LocalFile
  readonly path: string
  readonly vars: TemplateVars
  readonly meta: FileMeta
}

interface Found {
  readonly state: PathState
  readonly text: string | Secret
}

const bringTemplate = operation<Wish, Found, Step, Written>(
  ({ local, path }) => `templateFile ${local.said} to ${path}`,
  {
    lasting: () => true,
    local: ({ local }) => local,
    async read(connection, { local, path, vars, meta }) {
      const text = render(local, vars)
      return { text, state: await lookAtContent(connection, { path, text, meta }) }
    },
    plan: ({ state, text }, { path, meta }) => planContent(state, { path, text, meta }),
    apply: performStep,
  },
)

/** The text of a template file; a secret when there is one in it. @throws Advice, naming the template and its line */
export function render(local: LocalFile, vars: TemplateVars): string | Secret {
  let source: string
  try {
    source = readFileSync(local.path, 'utf8')
  } catch (error) {
    throw unusable(local, 'filled in', (error as Error).message)
  }
  const secrets: Secret[] = []
  const eta = new Eta({
    views: path.dirname(local.path),
    autoEscape: false,
    autoTrim: false,
    autoFilter: true,
    filterFunction: (value) => show(value, secrets),
    cache: false,
    debug: true,
    plugins: [{ processTemplate: lonelyCode }],
  })
  try {
    return reveal(eta.renderString(source, guarded(vars, '', secrets) as object), secrets)
  } catch (error) {
    throw new Advice(
      `the template ${local.said} fails: ${brief(error as Error)}`,
      'correct the template, or what is given to it',
    )
  }
}

// The line end goes into the tag, so that the lines of the text keep their numbers.
function lonelyCode(text: string): string {
  return text.replaceAll(
    /^[ \t]*(<%(?![=~])(?:(?!%>)[^])*)%>[ \t]*(\r?\n)/gm,
    (_, code: string, eol: string) => `${code}${eol}%>`,
  )
}

// A secret goes through the template as a mark, which nothing else can be, and comes back when the text is whole.
const mark = '\u{f0000}'

function markOf(secret: Secret, secrets: Secret[]): string {
  let at = secrets.indexOf(secret)
  if (at === -1) at = secrets.push(secret) - 1
  return `${mark}${at}${mark}`
}

function show(value: unknown, secrets: Secret[]): string {
  if (value === undefined)
    throw new Advice('a value that is put in is undefined', 'give it in the values, or write a default: it.name ?? …')
  if (value instanceof Secret) return markOf(value, secrets)
  if (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) === Object.prototype
  ) {
    throw new Advice('a value that is put in is an object', 'name the property, or use JSON.stringify')
  }
  return value === null ? '' : String(value)
}

function reveal(text: string, secrets: readonly Secret[]): string | Secret {
  const parts = text.split(new RegExp(`${mark}(\\d+)${mark}`, 'u'))
  return parts.length === 1 ? text : Secret.join(parts.map((part, i) => (i % 2 === 0 ? part : secrets[Number(part)]!)))
}

/** The variables, where a name that was not given is an error and every secret has become its mark. */
function guarded(value: unknown, name: string, secrets: Secret[]): unknown {
  if (value instanceof Secret) return markOf(value, secrets)
  if (Array.isArray(value)) return value.map((one, i) => guarded(one, `${name}[${i}]`, secrets))
  if (typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const own = Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, guarded(one, name === '' ? key : `${name}.${key}`, secrets)]),
  )
  return new Proxy(own, {
    get(target, key) {
      if (
        typeof key === 'symbol' ||
        Object.hasOwn(target, key) ||
        key in Object.prototype ||
        key === 'toJSON' ||
        key.startsWith('__')
      ) {
        return Reflect.get(target, key) as unknown
      }
      const near = didYouMean(key, Object.keys(target))
      const keys = Object.keys(target).join(', ') || 'nothing'
      throw new Advice(`${name === '' ? 'it' : `it.${name}`} has no ${key}${near ? `: ${near}` : ''}`, `it has ${keys}`)
    },
  })
}

// eta draws the lines around a failure, or all of its own code, and puts what was wrong somewhere among them.
function brief(error: Error): string {
  if (error.cause instanceof Error) {
    const [, file, line] = /^(?:(.*):|line )(\d+)\n/.exec(error.message) ?? []
    const inner = brief(error.cause)
    return line === undefined ? inner : `${file === undefined ? '' : `${path.basename(file)} `}line ${line}: ${inner}`
  }
  const syntax = /^Bad template syntax\s+(.*)/.exec(error.message)?.[1]
  if (syntax !== undefined) return `its code is wrong: ${syntax} (is every bracket closed?)`
  const [, said, at] = /^(.*) at line (\d+) col \d+:/.exec(error.message) ?? []
  return at === undefined ? error.message.trim() : `line ${at}: ${said}`
}
