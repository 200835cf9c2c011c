import { readdir, readFile, stat } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { glob, wildcards } from '../model/glob.ts'
import { Unreachable } from '../model/operation.ts'
import { nearest } from '../model/problem.ts'
import { sshKeywords } from './ssh-keywords.ts'

/** Where a connection is meant to go, before ssh_config has its say. */
export interface Destination {
  /** What would be typed after `ssh`. */
  readonly host: string
  /** The user that was asked for, as `ssh -l` does. */
  readonly user?: string
  /** What stands behind `ssh -o`: it comes before all files. */
  readonly options?: readonly string[]
}

/** What ssh_config says about one destination: the values that count, by keywords in lower case. */
export interface SshOptions {
  get(keyword: string): string | undefined
  all(keyword: string): readonly string[]
}

interface Directive {
  readonly keyword: string
  /** The keyword as it stands there. */
  readonly written: string
  readonly args: readonly string[]
  /** What follows the keyword, as it stands there. */
  readonly rest: string
  readonly at: string
}

interface Source {
  readonly path: string
  /** Where relative paths of Include begin. */
  readonly base: string
  /** The file must be the user's own, and nobody else's to write. */
  readonly guarded: boolean
  readonly needed: boolean
}

// Of these every value counts, of all others the first.
const lists = new Set(['identityfile', 'certificatefile'])
// A value of these is one text up to the end of the line.
const texts = new Set(['proxycommand'])
// Whichever comes first decides, also when it says none.
const exclusive = ['proxycommand', 'proxyjump']

const deepest = 16

/** The ssh_config files of this machine, or one in their place, read once. */
export class SshConfig {
  readonly #sources: readonly Source[]
  readonly #warn: (message: string) => void
  readonly #files = new Map<string, Promise<readonly Directive[]>>()
  readonly #included = new Map<string, Promise<readonly string[]>>()

  /** A path: read this one only; true: the user's and then the system's; false: none. */
  constructor(path: string | boolean, warn: (message: string) => void) {
    const own = join(homedir(), '.ssh')
    this.#sources =
      path === false
        ? []
        : path === true
          ? [
              { path: join(own, 'config'), base: own, guarded: true, needed: false },
              { path: '/etc/ssh/ssh_config', base: '/etc/ssh', guarded: false, needed: false },
            ]
          : [{ path: path.replace(/^~(?=\/)/, homedir()), base: own, guarded: false, needed: true }]
    this.#warn = warn
  }

  /** @throws Unreachable when a file cannot be read or trusted */
  async lookup(destination: Destination): Promise<SshOptions> {
    const search = new Search(destination, this.#warn)
    for (const directive of directivesOf((destination.options ?? []).join('\n'), 'ssh -o')) {
      search.know(directive)
      search.put(directive)
    }
    await this.#pass(search)
    if (search.wantsFinal) {
      search.final()
      await this.#pass(search)
    }
    return {
      get: (keyword) => search.values.get(keyword)?.[0],
      all: (keyword) => search.values.get(keyword) ?? [],
    }
  }

  async #pass(search: Search): Promise<void> {
    for (const source of this.#sources) await this.#apply(source, search, 0)
  }

  async #apply(source: Source, search: Search, depth: number): Promise<void> {
    // The lines before the first Host or Match are for everybody.
    let active = true
    for (const directive of await this.#read(source)) {
      switch (directive.keyword) {
        case 'host':
          active = search.isHost(directive.args)
          break
        case 'match':
          active = search.matches(directive)
          break
        case 'include':
          if (active) await this.#include(directive, source, search, depth + 1)
          break
        default:
          search.know(directive)
          if (active) search.put(directive)
      }
    }
  }

  async #include({ args, at }: Directive, source: Source, search: Search, depth: number): Promise<void> {
    if (depth > deepest)
      throw new Unreachable(
        `${at}: Include goes deeper than ${deepest} files`,
        'a file includes itself there: take that out',
      )
    for (const arg of args) {
      const told = arg.replace(/^~(?=\/)/, homedir())
      const pattern = isAbsolute(told) ? told : join(source.base, told)
      const paths = this.#included.get(pattern) ?? expanded(pattern)
      this.#included.set(pattern, paths)
      for (const path of await paths) {
        await this.#apply({ ...source, path, needed: false }, search, depth)
      }
    }
  }

  #read(source: Source): Promise<readonly Directive[]> {
    const known = this.#files.get(source.path)
    if (known !== undefined) return known
    const reading = read(source)
    this.#files.set(source.path, reading)
    return reading
  }
}

async function read({ path, guarded, needed }: Source): Promise<readonly Directive[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
    if (guarded) {
      const { mode, uid } = await stat(path)
      if ((mode & 0o022) !== 0 || (uid !== 0 && uid !== userInfo().uid)) {
        throw new Error('it can be changed by others')
      }
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !needed) return []
    const why = code === 'ENOENT' ? 'there is no such file' : message
    throw new Unreachable(
      `cannot use the ssh configuration ${path}: ${why}`,
      message.includes('by others') ? `chmod 600 ${path}` : 'check sshConfig in the inventory',
    )
  }
  return directivesOf(text, path)
}

function directivesOf(text: string, from: string): readonly Directive[] {
  return text.split('\n').flatMap((line, i) => {
    const [, word, rest] = /^\s*"?([A-Za-z]\w*)"?(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? []
    if (word === undefined || rest === undefined) return []
    return [{ keyword: word.toLowerCase(), written: word, args: words(rest), rest, at: `${from}:${i + 1}` }]
  })
}

/** One look at the files for one destination. */
class Search {
  readonly values = new Map<string, readonly string[]>()
  readonly #original: string
  readonly #warn: (message: string) => void
  readonly #user: string | undefined
  #host: string
  #isFinal = false
  wantsFinal = false

  constructor({ host, user }: Destination, warn: (message: string) => void) {
    this.#original = host
    this.#host = host
    this.#user = user
    this.#warn = warn
  }

  /** From now on the second pass that `Match final` asks for: the host is known by the name it really has. */
  final(): void {
    this.#isFinal = true
    this.#host = this.#realHost()
  }

  /** Says which option is none: ssh refuses the file then, and what it was meant to do does not count. */
  know({ keyword, written, at }: Directive): void {
    if (sshKeywords.has(keyword) || oneOf(this.values.get('ignoreunknown')?.[0]?.toLowerCase() ?? '', keyword)) return
    const near = nearest(keyword, sshKeywords)
    const next = near === undefined ? 'take it out' : `write ${near}`
    this.#warn(
      `${at}: ${written} is no option that is known here, and does not count: ` +
        `${next}, or have ssh and us pass it over: IgnoreUnknown ${written}`,
    )
  }

  put({ keyword, args, rest }: Directive): void {
    const [first] = args
    const value = texts.has(keyword) ? [rest] : args
    if (first === undefined) return
    if (exclusive.includes(keyword) && exclusive.some((one) => this.values.has(one))) return
    const known = this.values.get(keyword)
    if (lists.has(keyword)) {
      this.values.set(keyword, [...new Set([...(known ?? []), first])])
    } else if (known === undefined) this.values.set(keyword, value)
  }

  isHost(patterns: readonly string[]): boolean {
    let is = false
    for (const pattern of patterns) {
      const negated = pattern.startsWith('!')
      if (!wildcards(negated ? pattern.slice(1) : pattern).test(this.#host)) continue
      if (negated) return false
      is = true
    }
    return is
  }

  matches({ args, at }: Directive): boolean {
    let all = true
    for (let i = 0; i < args.length; i++) {
      const [, negation, told = '', inline] = /^(!?)(\w+)(?:=(.*))?$/.exec(args[i]!) ?? []
      const criterion = told.toLowerCase()
      const bare = ['all', 'canonical', 'final'].includes(criterion)
      if (criterion === 'final') this.wantsFinal = true
      const value = bare ? '' : (inline ?? args[++i] ?? '')
      const fits = this.#fits(criterion, value, at)
      if (fits === undefined || fits === (negation === '!')) all = false
    }
    return all && args.length > 0
  }

  #fits(criterion: string, value: string, at: string): boolean | undefined {
    switch (criterion) {
      case 'all':
        return true
      case 'canonical':
      case 'final':
        return this.#isFinal
      case 'host':
        return oneOf(value.toLowerCase(), this.#realHost().toLowerCase())
      case 'originalhost':
        return oneOf(value.toLowerCase(), this.#original.toLowerCase())
      case 'user':
        return oneOf(value, this.#user ?? this.values.get('user')?.[0] ?? userInfo().username)
      case 'localuser':
        return oneOf(value, userInfo().username)
      default:
        // Neither it nor its negation holds: what cannot be judged must not decide.
        this.#warn(
          criterion === 'exec'
            ? `${at}: Match exec is not run, and what it is for does not count`
            : `${at}: Match ${criterion} is not understood, and what it is for does not count`,
        )
        return undefined
    }
  }

  #realHost(): string {
    const told = this.values.get('hostname')?.[0]
    return told === undefined ? this.#host : hostName(told, this.#original)
  }
}

/** A HostName with its tokens filled in. */
export function hostName(told: string, host: string): string {
  return told.replaceAll(/%([h%])/g, (_, token: string) => (token === 'h' ? host : '%'))
}

function oneOf(patterns: string, text: string): boolean {
  let is = false
  for (const pattern of patterns.split(',')) {
    const negated = pattern.startsWith('!')
    if (!wildcards(negated ? pattern.slice(1) : pattern).test(text)) continue
    if (negated) return false
    is = true
  }
  return is
}

/** The words of a line, quotes and backslashes understood, up to a comment. */
function words(text: string): readonly string[] {
  const found: string[] = []
  const word = /\s*(?:(#.*$)|((?:"(?:\\["\\]|[^"])*"|'(?:\\['\\]|[^'])*'|\\[\\"' ]|[^\s"'])+))/gy
  for (let match = word.exec(text); match !== null && match[2] !== undefined; match = word.exec(text)) {
    found.push(
      match[2].replaceAll(
        /"((?:\\["\\]|[^"])*)"|'((?:\\['\\]|[^'])*)'|\\([\\"' ])/g,
        (_, double?: string, single?: string, escaped?: string) => {
          return escaped ?? double?.replaceAll(/\\(["\\])/g, '$1') ?? single?.replaceAll(/\\(['\\])/g, '$1') ?? ''
        },
      ),
    )
  }
  return found
}

/** The files that a pattern of Include means, in order. */
async function expanded(pattern: string): Promise<readonly string[]> {
  if (!/[*?[]/.test(pattern)) return [pattern]
  const folders = await expanded(dirname(pattern))
  const wanted = basename(pattern)
  const fits = glob(wanted)
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder).catch(() => [])
      return names
        .filter((name) => fits.test(name) && (!name.startsWith('.') || wanted.startsWith('.')))
        .map((name) => join(folder, name))
    }),
  )
  return found.flat().sort()
}
