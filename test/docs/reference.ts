// What the pages say of the code, written from the code: `npm run docs` puts it between the markers.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { command, withCommand } from '../rig/command.ts'
import { type Option, options } from '../../lib/cli/options.ts'
import { type Exported, exportsOf, namespacesOf, typesBehind } from './declarations.ts'
import { type Page, type Part, partsOf } from './pages.ts'
import { emptyProject, type Project } from './project.ts'

const root = path.resolve(import.meta.dirname, '../..')
const modules = 'lib/modules/index.ts'

/** What a part of a page should hold; `project` is the folder of a reader who did all that the page said so far. */
type Maker = (part: Part, page: Page, project: Project) => string

/** Every kind of part: `<!-- kind argument -->`. */
const makers: Readonly<Record<string, Maker>> = {
  file: ({ argument }, _page, project) => shownFile(argument, project),
  typed: ({ content }, { file }, project) => typedLines(content, file, project),
  commands: commandTable,
  options: optionTable,
  variables: ({ argument }) => variableTable(argument),
  language: (_part, { file }) => language(file),
  role: ({ argument }) => roleAndTasks(argument),
  exports: ({ argument }, { file }) => everything(argument, file),
  modules: (_part, { file }) => reference(file),
}

/** What the parts of a page should hold, made anew in their order. */
export function current(page: Page): readonly (Part & { readonly should: string })[] {
  const project = emptyProject()
  try {
    return partsOf(page).map((part) => {
      const make = makers[part.kind]
      if (!make) throw new Error(`${page.file}: there is no kind of part named ${part.kind}`)
      return { ...part, should: make(part, page, project) }
    })
  } finally {
    project.remove()
  }
}

/** A text without what differs from run to run. Blanks count, but for those beside what differs. */
export function steady(text: string): string {
  return text
    .replace(/\b\d{8}-\d{6}(-[0-9a-f]+)?\b/g, 'RUN')
    .replace(/\b(?:\d+h \d+m|\d+m \d+s|\d+(?:\.\d+)? m?s)\b/g, 'N s')
    .replace(/^.*\b(?:RUN|N s)\b.*$/gm, (line) => line.replace(/ {2,}/g, '  '))
}

// `PATH`, `PATH as NAME`, `PATH#REGION`: the whole file is saved in the reader's folder, the region alone is shown.
function shownFile(argument: string, project: Project): string {
  const [, from, region, name] = /^([^\s#]+)(?:#(\S+))?(?: as (\S+))?$/.exec(argument) ?? []
  if (!from) throw new Error(`«file ${argument}»: write PATH, PATH#REGION or PATH as NAME`)
  const text = readFileSync(path.join(root, from), 'utf8')
  const plain = text.replace(/^ *\/\/ #(?:end)?region.*\n/gm, '')
  project.save(name ?? path.basename(from), plain)
  const ending = path.extname(from).slice(1)
  return `\`\`\`${ending}\n${region ? regionOf(text, region, from) : plain}\`\`\`\n`
}

function regionOf(text: string, region: string, from: string): string {
  const found = new RegExp(`^( *)// #region ${region}\\n([^]*?)^ *// #endregion`, 'm').exec(text)
  if (!found) throw new Error(`${from} has no line «// #region ${region}»`)
  return found[2]!.replaceAll(new RegExp(`^${found[1]}`, 'gm'), '')
}

// Every line that begins with «$ » is typed into a shell, and what it answers stands below it.
function typedLines(content: string, file: string, project: Project): string {
  const lines = [...content.matchAll(/^\$ (.*)$/gm)].map(([, line]) => line!)
  if (lines.length === 0) throw new Error(`${file}: a part «typed» has no line that begins with «$ »`)
  const shown = lines.map((line) => `$ ${line}\n${unhurried(project.type(line).said).trimEnd()}`.trimEnd())
  return `\`\`\`console\n${shown.join('\n\n')}\n\`\`\`\n`
}

// A run that was slow, as on a busy machine, names its slowest tasks.
function unhurried(said: string): string {
  return said.replace(/^(?:SLOWEST TASKS|CRITICAL PATH).*\n(?: .*\n)+\n?/gm, '')
}

/** A module with what it offers: `ini` and its functions, or functions that have their names for themselves. */
export interface Module {
  readonly name: string
  readonly file: string
  readonly offered: readonly Exported[]
  readonly prefix: string
}

/** Every module, those that are a single word or a few first. */
export function allModules(): readonly Module[] {
  const flat = exportsOf(modules)
  const files = [...new Set(flat.map(({ file }) => file))].map((file): Module => {
    const offered = flat.filter((one) => one.file === file)
    const words = offered.filter(({ kind }) => kind !== 'type')
    return { name: words.map(({ name }) => name).join(', '), file, offered, prefix: '' }
  })
  // What a module exports for its neighbours is no operation.
  const forAuthors = ({ kind, signatures }: Exported) =>
    kind === 'type' || signatures.some((one) => /(?::|=>) (Operation|Fact)</.test(one))
  const named = namespacesOf(modules).map(
    ([name, file]): Module => ({ name, file, prefix: `${name}.`, offered: exportsOf(file).filter(forAuthors) }),
  )
  return [...files, ...named]
}

function language(page: string): string {
  const words = exportsOf('lib/index.ts')
  const behind = [
    ...named('lib/model/playbook.ts', 'BatchSize', 'Condition', 'Duration', 'BlockParts'),
    ...named('lib/inventory/define.ts', 'GroupDefinition', 'HostDefinition'),
    ...named('lib/model/inventory.ts', 'ConnectionSettings'),
  ]
  // What a play, a task or a handler is made of is nobody's business but the engine's.
  const inert = ['Play', 'Playbook', 'Task', 'Handler', 'Operation', 'Json', 'Value', 'Schema', 'VarsOf']
  return described(words, [...words.filter(({ name }) => !inert.includes(name)), ...behind], 'lib/index.ts', page)
}

/** What a module exports, all of it: for those that are small. */
function everything(file: string, page: string): string {
  const all = exportsOf(file)
  return described(all, all, file, page)
}

function described(words: readonly Exported[], shown: readonly Exported[], file: string, page: string): string {
  const examples = words.filter(({ kind }) => kind !== 'type').flatMap((one) => one.examples)
  return [
    list(words, ''),
    code(examples.join('\n')),
    types(shown.filter(({ kind }) => kind === 'type')),
    source(file, page),
  ].join('\n')
}

function reference(page: string): string {
  const sections = allModules().map(({ name, file, prefix, offered }) => {
    const functions = offered.filter(({ kind }) => kind !== 'type')
    const examples = functions.flatMap((one) => one.examples)
    const parts = [
      list(functions, prefix),
      examples.length > 0 ? code(examples.join('\n')) : '',
      types(typesBehind(offered)),
      source(file, page),
    ]
    return { name, functions, text: `## ${name}\n\n${parts.filter(Boolean).join('\n')}` }
  })
  const contents = sections.map(({ name, functions }) => [
    `[${name}](#${name.replaceAll(', ', '-').toLowerCase()})`,
    name.startsWith(functions[0]!.name) ? functions[0]!.sentence : functions.map((one) => `\`${one.name}\``).join(' '),
  ])
  const shared = types([
    ...named('lib/model/operation.ts', 'FileMeta'),
    ...named('lib/kit/edit-file.ts', 'EditOptions'),
  ])
  return [
    table(['module', ''], contents),
    ...sections.map(({ text }) => text),
    `## Types that several modules share\n\n${shared}`,
  ].join('\n')
}

function source(file: string, page: string): string {
  return `Source: [${file}](${path.posix.relative(path.posix.dirname(page), file)})\n`
}

function named(file: string, ...names: readonly string[]): readonly Exported[] {
  const all = exportsOf(file)
  return names.map((name) => {
    const found = all.find((one) => one.name === name)
    if (!found) throw new Error(`${file} exports no ${name}`)
    return found
  })
}

function list(offered: readonly Exported[], prefix: string): string {
  return offered
    .filter(({ kind }) => kind !== 'type')
    .map(({ signatures, sentence }) => {
      const signed = signatures.map((one) => `\`${prefix}${one.replace(/: (?:Operation|Fact)<(.*)>$/, ' → $1')}\``)
      return `- ${[...signed, sentence].join('<br>')}\n`
    })
    .join('')
}

function types(declared: readonly Exported[]): string {
  return declared.length === 0
    ? ''
    : code(declared.map(({ sentence, source }) => `${sentence ? `/** ${sentence} */\n` : ''}${source}`).join('\n'))
}

function code(text: string): string {
  return `\`\`\`ts\n${text}\n\`\`\`\n`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return line(head) + `|${head.map(() => '---').join('|')}|\n` + rows.map(line).join('')
}

function optionTable(): string {
  const rows = Object.entries(options as Readonly<Record<string, Option>>).map(
    ([name, { alias = [], choices, describe, fallback, group }]) => {
      const names = [name, ...[alias].flat()]
        .sort((a, b) => Number(a.length > 1) - Number(b.length > 1))
        .map((one) => `\`${one.length === 1 ? '-' : '--'}${one}\``)
      const words = [
        choices?.join(', '),
        typeof fallback === 'number' && fallback > 0 ? `${fallback} unless said` : '',
      ].filter(Boolean)
      return {
        group: (group ?? '').replace(/:$/, ''),
        cells: [names.join(' '), `${describe}${words.length > 0 ? ` (${words.join('; ')})` : ''}`],
      }
    },
  )
  const groups = [...new Set(rows.map(({ group }) => group))]
  const of = (group: string) =>
    table(
      ['option', ''],
      rows.filter((row) => row.group === group).map(({ cells }) => cells),
    )
  return groups.map((group) => `**${group}**\n\n${of(group)}`).join('\n')
}

// What its comment says, and what it does, without the places, which every edit of its file moves.
function roleAndTasks(name: string): string {
  const { about } = named(`roles/${name}/index.ts`, name)[0]!
  const tasks = run(name, '-i', 'inventory/lab', '--list-tasks').replace(/ +\S+\.ts:\d+$/gm, '')
  return `${about}\n\n\`\`\`text\n${tasks.trim()}\n\`\`\`\n`
}

function commandTable(): string {
  const rows = /Commands:\n([^]*?)\n\n/
    .exec(run('--help'))![1]!
    .split('\n')
    .map((line) => /^ {2}(\S.*?) {2,}(.*?)(?: +\[default\])?$/.exec(line)!)
  return table(
    ['command', ''],
    rows.map(([, usage, says]) => [`\`${usage}\``, says!.replace(/: ((?:run|eval) .*)/, ': `$1`')]),
  )
}

function variableTable(playbook: string): string {
  const wanted = JSON.parse(run('vars', playbook, '--json')) as readonly Wanted[]
  const requiredFirst = [...wanted].sort((a, b) => Number(b.required) - Number(a.required))
  return table(
    ['variable', 'kind', '', 'meaning'],
    requiredFirst.map(({ name, kind, required, about = '', default: fallback }) => [
      `\`${name}\``,
      kind,
      required ? 'required' : fallback === undefined ? 'optional' : `default ${JSON.stringify(fallback)}`,
      about,
    ]),
  )
}

interface Wanted {
  readonly name: string
  readonly kind: string
  readonly required: boolean
  readonly default?: unknown
  readonly about?: string
}

function run(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...withCommand, NO_COLOR: '1', COLUMNS: '110' },
  })
  if (status !== 0) throw new Error(`run ${args.join(' ')} ended with ${status}:\n${stderr}`)
  return stdout
}
