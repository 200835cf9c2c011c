// Writes the generated parts of README.md, each between its own markers: `node --import tsx test/docs/reference.ts [--check]`.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Option, options } from '../../lib/commands/options.ts'
import { type Exported, exportsOf, namespacesOf, typesBehind } from './declarations.ts'
import { sampleOutput } from './sample.ts'

const root = path.resolve(import.meta.dirname, '../..')
const modules = 'lib/modules/index.ts'

/** README.md, as it should be, part by part. */
export const parts: Readonly<Record<string, (readme: string) => string>> = {
  output: sampleOutput,
  commands: commandTable,
  options: optionTable,
  variables: variableTable,
  reference,
}

/** What stands between the markers of a part. @throws when the part has none */
export function partOf(readme: string, name: string): string {
  const found = new RegExp(`<!-- ${name} -->\n([^]*?)<!-- /${name} -->`).exec(readme)
  if (!found) throw new Error(`README.md has no part <!-- ${name} --> … <!-- /${name} -->`)
  return found[1]!
}

/** The text of a part without what differs from run to run. */
export function steady(text: string): string {
  return text.replace(/\b\d+(\.\d+)? (ms|s)\b/g, 'N s')
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
    return { name: offered.map(({ name }) => name).join(', '), file, offered, prefix: '' }
  })
  // What a module exports for its neighbours is no operation.
  const forAuthors = ({ kind, signatures }: Exported) =>
    kind === 'type' || signatures.some((one) => /: (Operation|Fact)</.test(one))
  const named = namespacesOf(modules).map(
    ([name, file]): Module => ({ name, file, prefix: `${name}.`, offered: exportsOf(file).filter(forAuthors) }),
  )
  return [...files, ...named]
}

function reference(): string {
  const language = exportsOf('lib/index.ts')
  return [
    fold('the language', 'play, playbook, role, parallel, kinds of variables, secrets, inventory', 'lib/index.ts', [
      list(language, ''),
      types([
        ...named(
          'lib/model/playbook.ts',
          'PlayOptions',
          'BatchSize',
          'Steps',
          'TaskOptions',
          'Body',
          'Condition',
          'Duration',
          'BlockParts',
          'HostContext',
          'Role',
        ),
        ...named('lib/model/vars.ts', 'Var'),
        ...named('lib/inventory/define.ts', 'InventoryDefinition', 'GroupDefinition', 'HostDefinition'),
        ...named('lib/model/inventory.ts', 'ConnectionSettings', 'HostRef'),
      ]),
    ]),
    ...allModules().map(({ name, file, prefix, offered }) => {
      const functions = offered.filter(({ kind }) => kind !== 'type')
      const examples = functions.flatMap((one) => one.examples)
      const summary = prefix ? functions.map((one) => one.name).join(', ') : ''
      return fold(name, summary, file, [
        list(functions, prefix),
        examples.length > 0 ? code(examples.join('\n')) : '',
        types(typesBehind(offered)),
      ])
    }),
    fold('types that several modules share', 'FileMeta, EditOptions', 'lib/model/operation.ts', [
      types([...named('lib/model/operation.ts', 'FileMeta'), ...named('lib/kit/edit-file.ts', 'EditOptions')]),
    ]),
  ].join('\n')
}

function named(file: string, ...names: readonly string[]): readonly Exported[] {
  const all = exportsOf(file)
  return names.map((name) => {
    const found = all.find((one) => one.name === name)
    if (!found) throw new Error(`${file} exports no ${name}`)
    return found
  })
}

function fold(name: string, summary: string, file: string, content: readonly string[]): string {
  const title = `<b>${name}</b>${summary ? `: ${summary}` : ''}`
  return `<details><summary>${title}</summary>\n\n${content.filter(Boolean).join('\n')}\nSource: [${file}](${file})\n\n</details>\n`
}

function list(offered: readonly Exported[], prefix: string): string {
  return offered
    .filter(({ kind }) => kind !== 'type')
    .map(
      ({ signatures, sentence }) =>
        `- ${signatures.map((one) => `\`${prefix}${one.replace(/: (?:Operation|Fact)<(.*)>$/, ' → $1')}\``).join('<br>')}<br>${sentence}\n`,
    )
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
        group: group.replace(/:$/, ''),
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

function variableTable(): string {
  const wanted = JSON.parse(run('vars', 'playbooks/full-upgrade.ts', '--json')) as readonly Wanted[]
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
  const { status, stdout, stderr } = spawnSync(process.execPath, ['lib/run.cjs', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', COLUMNS: '110' },
  })
  if (status !== 0) throw new Error(`run ${args.join(' ')} ended with ${status}:\n${stderr}`)
  return stdout
}

function main(check: boolean): void {
  const file = path.join(root, 'README.md')
  let readme = readFileSync(file, 'utf8')
  const old = Object.entries(parts)
    .filter(([name, make]) => {
      const [is, should] = [partOf(readme, name), make(readme)]
      if (steady(is) === steady(should)) return false
      readme = readme.replace(`<!-- ${name} -->\n${is}`, () => `<!-- ${name} -->\n${should}`)
      return true
    })
    .map(([name]) => name)
  if (!check && old.length > 0) writeFileSync(file, readme)
  process.stdout.write(
    old.length === 0
      ? 'README.md is current\n'
      : `README.md: ${old.join(', ')} ${check ? 'would change' : 'written'}\n`,
  )
  process.exitCode = check && old.length > 0 ? 1 : 0
}

if (process.argv[1] === import.meta.filename) main(process.argv.includes('--check'))
