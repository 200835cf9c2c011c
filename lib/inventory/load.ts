import { existsSync, readdirSync, statSync } from 'node:fs'
import { access, constants, open } from 'node:fs/promises'
import path from 'node:path'
import type { Loader } from 'cosmiconfig'
import type { Inventory, RawVars } from '../model/inventory.ts'
import { didYouMean, exit, nearest, Refused } from '../model/problem.ts'
import { kept, misspeltVar } from './ansible-vars.ts'
import type { InventoryDefinition } from './define.ts'
import { Draft, problemOf } from './draft.ts'
import { readExecutable } from './dynamic.ts'
import { hostsAndPort, readIni } from './ini.ts'
import { answeredBy, type AskSecret } from './secrets.ts'
import { readDefinition, readTyped } from './typed.ts'
import { readSource } from './source.ts'
import { VaultOpener } from './vault.ts'
import { words } from './words.ts'

export interface LoadOptions {
  /** What -e gave: above everything an inventory says. */
  readonly extraVars?: Readonly<Record<string, unknown>>
  readonly cwd: string
  /** A playbook's folder: its group_vars and host_vars are above those of the inventory. */
  readonly playbookFolder?: string
  /** `ansible_*` variables that count for a host of which the inventory says nothing of the kind. */
  readonly defaults?: RawVars
  /** Opens what is encrypted; without it, that is refused. */
  readonly vault?: VaultOpener
  /** Asks the operator for what `fromPrompt` stands for; without it, that is refused. */
  readonly askSecret?: AskSecret
  /** Hears of what is most likely a slip, and may be meant. */
  readonly warn?: (message: string) => void
}

// The YAML parser is loaded when there is YAML: a typed inventory is read without it.
const scripts = ['.ts', '.mts', '.js', '.mjs', '.cjs']
const texts = ['.yaml', '.yml', '.json', '.ini', '']

/**
 * Reads every inventory that -i named, the later above the earlier: a file, a directory, or a list of hosts `a,b,`.
 * @throws Refused with every problem of all of them
 */
export async function loadInventory(paths: readonly string[], options: LoadOptions): Promise<Inventory> {
  if (options.askSecret) answeredBy(options.askSecret)
  const draft = new Draft(options.cwd)
  const vault = options.vault ?? new VaultOpener([])
  draft.given = paths
  draft.playbookFolder = options.playbookFolder
  const bases: string[] = []
  for (const given of paths) {
    const full = path.resolve(options.cwd, given)
    if (given.includes(',') && !kindOf(full)) readList(draft, given)
    else {
      const base = await readPath(draft, full, vault)
      if (base === undefined) draft.problem(`there is no inventory ${given}`, undefined, suggestion(given, options.cwd))
      else bases.push(base)
    }
  }
  for (const [i, base] of [...new Set(bases)].entries()) await readVarsBeside(draft, base, vault, 'files', i)
  const { playbookFolder } = options
  // As for Ansible: what lies beside the playbook is above all of the inventories, and one of them may lie there, too.
  if (playbookFolder !== undefined && bases.some((base) => base !== playbookFolder))
    await readVarsBeside(draft, playbookFolder, vault, 'playbookFiles')

  const inventory = draft.finish(paths.join(', '), above(options.extraVars ?? {}), options.defaults)
  if (draft.problems.length > 0) throw new Refused(draft.problems, exit.load)
  for (const told of [...draft.warnings, ...slipsIn(inventory)]) options.warn?.(told)
  return inventory
}

/**
 * The variables that a file says, or a text in its place, as one of group_vars would say them. @throws Refused with
 * everything that is wrong with it
 */
export async function readVariables(
  { file, text }: { readonly file: string; readonly text?: string },
  vault: VaultOpener,
): Promise<Readonly<Record<string, unknown>>> {
  const draft = new Draft(process.cwd())
  const source = text === undefined ? await readSource(draft, path.resolve(file), vault) : { file, text, secret: false }
  const { readVarsFile } = await import('./yaml.ts')
  const vars = source ? await readVarsFile(draft, source, vault) : {}
  if (draft.problems.length > 0) throw new Refused(draft.problems, exit.load)
  return Object.fromEntries(Object.entries(vars).map(([name, { value }]) => [name, value]))
}

/** Variables that resemble those of a connection: told once for each place. */
function slipsIn(inventory: Inventory): ReadonlySet<string> {
  const slips = new Set<string>()
  const known = new Map<string, string | undefined>()
  for (const { vars } of inventory.hosts.values()) {
    for (const [name, { from }] of Object.entries(vars)) {
      if (!known.has(name)) known.set(name, misspeltVar(name))
      const meant = known.get(name)
      if (meant !== undefined) slips.add(`${name} says nothing of a connection - did you mean ${meant}? (${from})`)
    }
  }
  return slips
}

/**
 * The inventory that a program writes down in place of a file; `extraVars` stand above everything it says.
 * @throws Refused with every problem of it
 */
export async function inventoryOf(
  definition: InventoryDefinition,
  extraVars: Readonly<Record<string, unknown>> = {},
): Promise<Inventory> {
  const { file = 'inventory' } = definition.at ?? {}
  const draft = new Draft(process.cwd())
  await readDefinition(draft, file, { ...definition })
  const inventory = draft.finish(draft.show(file), above(extraVars))
  if (draft.problems.length > 0) throw new Refused(draft.problems, exit.load)
  return inventory
}

function above(extraVars: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(extraVars).map(([name, value]) => [name, kept(name, value)]))
}

function readList(draft: Draft, list: string): void {
  for (const item of list
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)) {
    if (/[/\s=]/.test(item)) {
      const isPlace = kindOf(path.resolve(draft.cwd, item)) !== undefined
      draft.problem(
        `-i ${list}: «${item}» is no name of a host`,
        undefined,
        isPlace
          ? `a comma makes a list of hosts of it, and it is an inventory: -i ${item}`
          : 'a list holds names and ports only, web1:2222,web2: what else is said of a host belongs into a file',
      )
      continue
    }
    try {
      const { names, port } = hostsAndPort(item)
      for (const name of names) {
        const host = draft.host(name, 'ungrouped')
        if (port !== undefined) host.inline.push({ vars: { ansible_port: { value: port, from: `-i ${list}` } } })
      }
    } catch (error) {
      const { message, hint = '' } = problemOf(error)
      draft.problem(`-i ${list}: ${message}`, undefined, hint)
    }
  }
}

/**
 * Reads what lies at a path; gives the directory whose group_vars and host_vars belong to it, or undefined when there
 * is nothing.
 */
async function readPath(draft: Draft, full: string, vault: VaultOpener): Promise<string | undefined> {
  const kind = kindOf(full)
  if (kind === 'file') {
    await readFile(draft, full, vault)
    return path.dirname(full)
  }
  if (kind === 'directory') {
    await readDirectory(draft, full, vault)
    return full
  }
  // inventory/lab may be inventory/lab.ts.
  const found = await lookUp(
    path.dirname(full),
    [...scripts, ...texts].filter(Boolean).map((ext) => path.basename(full) + ext),
  )
  if (found === undefined) return undefined
  await readFile(draft, found, vault)
  return path.dirname(found)
}

async function readDirectory(draft: Draft, directory: string, vault: VaultOpener): Promise<void> {
  const program = await lookUp(
    directory,
    ['index', 'inventory'].flatMap((name) => scripts.map((ext) => name + ext)),
  )
  if (program !== undefined) return await readFile(draft, program, vault)
  const files = filesOf(directory)
  let over = 0
  for (const file of files)
    await readFile(draft, file, vault, (reason) => {
      over++
      draft.warn(`${draft.show(file)} is no inventory and is passed over, as Ansible does: ${reason}`)
    })
  if (over === files.length)
    draft.problem(`${draft.show(directory)} holds no inventory`, undefined, insteadOf(draft, directory))
}

/** An Ansible directory is the sum of its files, by their names, without those that Ansible passes over. */
function filesOf(directory: string): readonly string[] {
  return readdirSync(directory)
    .sort()
    .filter((name) => !passedOver.test(name))
    .map((name) => path.join(directory, name))
    .flatMap((file) => (kindOf(file) === 'directory' ? filesOf(file) : [file]))
}

// The settings of a dynamic inventory lie beside it, as ec2.ini beside ec2.py.
const passedOver =
  /^\.|^(?:group_vars|host_vars|vars_plugins)$|~$|\.(?:pyc|pyo|swp|bak|orig|retry|ini|cfg|rpm|md|txt|rst)$/

function insteadOf(draft: Draft, directory: string): string {
  const ini = readdirSync(directory).find((name) => name.endsWith('.ini') && !name.startsWith('.'))
  return ini === undefined
    ? 'write index.ts, hosts.yaml or hosts there'
    : `as for Ansible, a .ini in a folder is no inventory: give -i ${draft.show(path.join(directory, ini))}, ` +
        'or name it without .ini'
}

async function readFile(
  draft: Draft,
  file: string,
  vault: VaultOpener,
  passOver?: (reason: string) => void,
): Promise<void> {
  draft.source = file
  const extension = path.extname(file)
  try {
    const marked = await startsAsProgram(file)
    if (marked && (await isExecutable(file))) return await readExecutable(draft, file, vault)
    if (scripts.includes(extension)) return await readTyped(draft, file)
    const shown = draft.show(file)
    if (marked) return draft.problem(`${shown} is a program that may not be executed`, undefined, `chmod +x ${shown}`)
    if (extension === '.toml')
      return draft.problem(`${shown} is TOML, which is not read`, undefined, draft.fromAnsible(file))
    const source = await readSource(draft, file, vault)
    if (!source) return
    if (source.text.includes('\0'))
      return draft.problem(`${shown} is no text, as an inventory is`, undefined, `see what it is: file ${shown}`)
    const first = firstLine(source.text)
    const yaml = ['.yaml', '.yml', '.json'].includes(extension) && !/^\[[^\s\]]+\]\s*(?:#.*)?$/.test(first)
    if (yaml || looksLikeYaml(first)) {
      const { readYaml } = await import('./yaml.ts')
      return await readYaml(draft, source, vault)
    }
    const other = passOver && !source.secret && !first.startsWith('[') ? noHost(first) : undefined
    if (other !== undefined) return passOver?.(other)
    readIni(draft, file, source.text, source.secret)
  } catch (error) {
    if (error instanceof Refused) return draft.refused(error)
    const shown = draft.show(file)
    draft.problem(`${shown} cannot be read: ${(error as Error).message}`, undefined, `see ls -ld ${shown}`)
  }
}

/** Why a first line names no hosts: what begins so is a file of another kind, such as a Vagrantfile. */
function noHost(first: string): string | undefined {
  try {
    const odd = words(first, { comments: true }).find((word, i) => i > 0 && !word.includes('='))
    return odd === undefined ? undefined : `${odd} is not a variable in ${first.trim()}`
  } catch (error) {
    return (error as Error).message
  }
}

const firstLine = (content: string) => content.split('\n').find((line) => !/^\s*(?:[#;].*)?$/.test(line)) ?? ''

// No INI line ends in a colon, so a first line that does, or goes on as only YAML does, is a group of a YAML inventory.
function looksLikeYaml(first: string): boolean {
  return /^(?:---|\{|['"]?[\w.-]+['"]?:\s*(?:\s[&*{].*|#.*)?$)/.test(first)
}

async function startsAsProgram(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString('latin1').startsWith('#!') || buffer.toString('latin1') === '\x7fELF'
  } finally {
    await handle.close()
  }
}

const isExecutable = (file: string) =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  )

/** The first of the names that the directory has. */
async function lookUp(directory: string, names: readonly string[]): Promise<string | undefined> {
  // cosmiconfig finds the file; what it says is read by us, since a vault, a line number and a secret are none of its
  // business.
  const place: Loader = (file) => ({ file })
  const loaders = Object.fromEntries([...scripts, ...texts].map((ext) => [ext === '' ? 'noExt' : ext, place]))
  const { cosmiconfig } = await import('cosmiconfig')
  const explorer = cosmiconfig('inventory', {
    searchPlaces: [...names],
    searchStrategy: 'none',
    loaders,
    cache: false,
    ignoreEmptySearchPlaces: false,
  })
  return kindOf(directory) === 'directory' ? (await explorer.search(directory))?.filepath : undefined
}

/** group_vars/ and host_vars/ beside an inventory or a playbook. */
async function readVarsBeside(
  draft: Draft,
  base: string,
  vault: VaultOpener,
  into: 'files' | 'playbookFiles',
  beside = 0,
): Promise<void> {
  for (const [folder, entries] of [
    ['group_vars', draft.groups],
    ['host_vars', draft.hosts],
  ] as const) {
    const directory = path.join(base, folder)
    if (kindOf(directory) !== 'directory') continue
    const { readVarsFile } = await import('./yaml.ts')
    warnOfNobodys(draft, directory, [...entries.keys()])
    for (const [name, { [into]: files }] of entries) {
      for (const file of varsFiles(directory, name)) {
        const source = await readSource(draft, file, vault)
        if (source) files.push({ vars: await readVarsFile(draft, source, vault), beside })
      }
    }
  }
}

/**
 * Files of variables that belong to nobody count for nothing, and may be meant so; not where one resembles the name of
 * somebody who has none.
 */
function warnOfNobodys(draft: Draft, directory: string, names: readonly string[]): void {
  const bare = names.filter((name) => varsFiles(directory, name).length === 0)
  for (const file of readdirSync(directory)) {
    const name = file.replace(/\.(?:ya?ml|json)$/, '')
    if (names.includes(name) || passedOver.test(file)) continue
    const near = didYouMean(name, bare)
    if (near) draft.warn(`${draft.show(path.join(directory, file))} counts for nobody - ${near}`)
  }
}

/** The first that is there counts, as for Ansible: NAME (a file or a directory of files), NAME.yml, .yaml, .json. */
function varsFiles(directory: string, name: string): readonly string[] {
  const found = ['', '.yml', '.yaml', '.json'].map((ext) => path.join(directory, name + ext)).find(kindOf)
  if (found === undefined) return []
  return kindOf(found) === 'directory' ? filesBelow(found) : [found]
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory)
    .sort()
    .filter((name) => !/^\.|~$/.test(name))
    .flatMap((name) => {
      const file = path.join(directory, name)
      const ext = path.extname(name)
      if (kindOf(file) === 'directory') return ext === '' ? filesBelow(file) : []
      return ['', '.yml', '.yaml', '.json'].includes(ext) ? [file] : []
    })
}

function kindOf(file: string): 'file' | 'directory' | undefined {
  // Words that are no path at all, such as a list of two hundred hosts, make stat fail where this only says no.
  if (!existsSync(file)) return undefined
  return statSync(file).isDirectory() ? 'directory' : 'file'
}

// What lies where the operator looked, then what lies in inventory/.
function suggestion(given: string, cwd: string): string {
  const names = (directory: string) =>
    kindOf(directory) === 'directory' ? readdirSync(directory).filter((name) => !name.startsWith('.')) : []
  const stem = (name: string) => name.replace(/\.(?:ts|mts|js|mjs|cjs|ya?ml|json|ini)$/, '')
  for (const where of new Set([path.dirname(given), 'inventory'])) {
    const candidates = names(path.resolve(cwd, where))
    const near = nearest(path.basename(given), candidates) ?? nearest(stem(path.basename(given)), candidates.map(stem))
    if (near !== undefined) return `did you mean ${path.join(where, near)}?`
  }
  const own = names(path.resolve(cwd, 'inventory'))
  const has = own.length > 0 ? `inventory/ has ${own.join(', ')}` : undefined
  // A path names no host.
  if (given.includes('/')) return has ?? 'give the path of a file or a folder, or a list of hosts such as a,b,'
  return `${has === undefined ? '' : `${has}; `}for a host of that name write -i ${given},`
}
