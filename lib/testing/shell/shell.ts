import path from 'node:path'
import type { FakeFiles } from '../fake-files.ts'
import { builtins } from './builtins.ts'
import { ExpansionFault, fieldsOf, piecesOf, textOf } from './expand.ts'
import { parse } from './parse.ts'
import { fits } from './pattern.ts'
import { Input, nowhere, Output, type Sink, type Source } from './streams.ts'
import {
  type AndOr,
  type Command,
  type Compound,
  type List,
  type Pipeline,
  type Redirect,
  type Simple,
  SyntaxFault,
} from './syntax.ts'
import { tools } from './tools.ts'

/** The machine around a shell. */
export interface System {
  readonly files: FakeFiles
  readonly user: string
  /** Lets time pass. */
  sleep(seconds: number): void
  /** Is there a program of this name that nobody here imitates? */
  knows(name: string): boolean
  /** Runs a program that nobody here imitates. */
  program(call: ProgramCall): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>
  /** Somebody changed something by a program that is imitated. */
  changed(words: readonly string[]): void
  /** A path for something that is not to last. */
  temporary(template: string): string
  isTemporary(file: string): boolean
  readonly signal: AbortSignal | undefined
}

export interface ProgramCall {
  readonly words: readonly string[]
  readonly stdin: Source
  /** It reads what the whole script was given to read. */
  readonly inherits: boolean
}

/** How a command is called: with its words, and what it reads and writes. */
export interface Call {
  readonly name: string
  readonly args: readonly string[]
  readonly shell: Shell
  readonly stdin: Source
  readonly stdout: Sink
  readonly stderr: Sink
}

/** What a file descriptor leads to. */
interface Channel {
  readonly source?: Source
  readonly sink?: Sink
}

/** Ways out of what runs. */
export class Exit extends Error {
  readonly code: number
  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}
export class Return extends Exit {}
export class Leave extends Error {
  readonly again: boolean
  readonly levels: number
  constructor(again: boolean, levels: number) {
    super('break')
    this.again = again
    this.levels = levels
  }
}

// A loop that waits for something that no test brings.
const mostCommands = 500_000

/** A POSIX shell on a machine that exists in memory only. Its text has a character for each byte. */
export class Shell {
  readonly system: System
  args: readonly string[] = []
  options = new Set<string>()
  cwd = '/'
  umask = 0o022
  status = 0
  readonly traps = new Map<string, string>()
  functions = new Map<string, Command>()
  exported = new Set<string>()
  #variables = new Map<string, string>()
  #channels: ReadonlyMap<number, Channel>
  #started: Promise<unknown>[] = []
  readonly #count: { commands: number }

  private constructor(system: System, channels: ReadonlyMap<number, Channel>, count = { commands: 0 }) {
    this.system = system
    this.#channels = channels
    this.#count = count
  }

  /** Runs a script to its end and gives its exit code. */
  static async run(
    system: System,
    script: string,
    {
      stdin,
      stdout,
      stderr,
      env = {},
      cwd = '/',
      umask = 0o022,
    }: {
      readonly stdin: Source
      readonly stdout: Sink
      readonly stderr: Sink
      readonly env?: Readonly<Record<string, string>>
      readonly cwd?: string
      readonly umask?: number
    },
  ): Promise<number> {
    const shell = new Shell(
      system,
      new Map<number, Channel>([
        [0, { source: stdin }],
        [1, { sink: stdout }],
        [2, { sink: stderr }],
      ]),
    )
    shell.cwd = cwd
    shell.umask = umask
    for (const [name, value] of Object.entries(env)) {
      shell.assign(name, value)
      shell.exported.add(name)
    }
    shell.#given = stdin
    return shell.toTheEnd(script)
  }
  #given: Source | undefined
  /** In how many conditions this stands: a failure there ends nothing. */
  #tests = 0
  /** What the last command whose output was put into a word ended with. */
  #substituted = 0

  /** Runs a script, and what is to be done at its end. */
  toTheEnd(script: string): Promise<number> {
    return this.#ending(async () => this.evaluate(script))
  }

  /** Runs text as a script of this very shell. */
  async evaluate(text: string): Promise<number> {
    let list: List
    try {
      list = parse(text)
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error
      this.#complain(`syntax error: ${error.message}`)
      throw new Exit(2)
    }
    return this.list(list)
  }

  async #ending(work: () => Promise<number>): Promise<number> {
    const guarded = async (call: () => Promise<number>): Promise<number> => {
      try {
        return await call()
      } catch (error) {
        if (error instanceof Exit) return error.code
        if (error instanceof Leave) return 0
        if (!(error instanceof ExpansionFault)) throw error
        this.#complain(error.message)
        return 2
      }
    }
    const code = await guarded(work)
    const trap = this.traps.get('EXIT')
    this.traps.clear()
    this.status = code
    if (trap === undefined || trap === '') return code
    return guarded(async () => {
      await this.evaluate(trap)
      return code
    })
  }

  /** Commands one after the other. */
  async list(list: List): Promise<number> {
    let code = 0
    for (const { run, background } of list) {
      if (!background) {
        code = await this.#andOr(run)
        continue
      }
      const child = this.#child(new Map([...this.#channels, [0, { source: new Input('') }]]))
      const started = child.#ending(() => child.#andOr(run))
      started.catch(() => {})
      this.#started.push(started)
      code = this.status = 0
    }
    return code
  }

  /** Waits for all that runs in the background. */
  async wait(): Promise<void> {
    await Promise.all(this.#started.splice(0))
  }

  async #andOr({ first, rest }: AndOr): Promise<number> {
    let code = await this.#pipeline(first, rest.length > 0)
    for (const [i, { on, run }] of rest.entries()) {
      if ((on === '&&') === (code === 0)) code = await this.#pipeline(run, i < rest.length - 1)
    }
    return code
  }

  async #pipeline({ negated, commands }: Pipeline, tested: boolean): Promise<number> {
    const work = () => (commands.length === 1 ? this.command(commands[0]!) : this.#piped(commands))
    const code = await (tested || negated ? this.#testing(work) : work())
    this.status = negated ? Number(code === 0) : code
    if (this.status !== 0 && !tested && !negated && this.#tests === 0 && this.options.has('e'))
      throw new Exit(this.status)
    return this.status
  }

  async #piped(commands: readonly Command[]): Promise<number> {
    let stdin = this.#channels.get(0) ?? {}
    let code = 0
    for (const [i, command] of commands.entries()) {
      const output = new Output()
      const last = i === commands.length - 1
      const child = this.#child(
        new Map([...this.#channels, [0, stdin], ...(last ? [] : [[1, { sink: output }] as const])]),
      )
      code = await child.#ending(() => child.command(command))
      stdin = { source: new Input(output.text) }
    }
    return code
  }

  /** What is only tried: its failure ends nothing. */
  async #testing(work: () => Promise<number>): Promise<number> {
    this.#tests++
    try {
      return await work()
    } finally {
      this.#tests--
    }
  }

  /** One command, with its redirections. */
  async command(command: Command): Promise<number> {
    this.system.signal?.throwIfAborted()
    if (++this.#count.commands > mostCommands) throw new Error('a script on a fake host does not come to its end')
    if (command.kind === 'simple') return this.#simple(command)
    const before = this.#channels
    try {
      if (!(await this.#redirect(command.redirects))) return 1
      return await this.#compound(command.of)
    } finally {
      if (command.redirects.length > 0) this.#channels = before
    }
  }

  async #compound(command: Compound): Promise<number> {
    switch (command.kind) {
      case 'group':
        return this.list(command.body)
      case 'subshell': {
        const child = this.#child(this.#channels)
        return child.#ending(() => child.list(command.body))
      }
      case 'if':
        for (const [test, body] of command.branches)
          if ((await this.#testing(() => this.list(test))) === 0) return this.list(body)
        return this.list(command.otherwise)
      case 'loop': {
        let code = 0
        while (((await this.#testing(() => this.list(command.condition))) === 0) !== command.until) {
          const gone = await this.#round(command.body)
          if (typeof gone === 'boolean') {
            if (gone) break
          } else code = gone
        }
        return code
      }
      case 'for': {
        let code = 0
        for (const value of command.words ? await fieldsOf(this, command.words) : this.args) {
          this.assign(command.name, value)
          const gone = await this.#round(command.body)
          if (typeof gone === 'boolean') {
            if (gone) break
          } else code = gone
        }
        return code
      }
      case 'case': {
        const text = await textOf(this, command.word)
        for (const { patterns, body } of command.items)
          for (const pattern of patterns) if (fits(text, await piecesOf(this, pattern))) return this.list(body)
        return 0
      }
      case 'function':
        this.functions.set(command.name, command.body)
        return 0
    }
  }

  /** Once through a loop: the exit code, or whether the loop is left. */
  async #round(body: List): Promise<number | boolean> {
    try {
      return await this.list(body)
    } catch (error) {
      if (!(error instanceof Leave)) throw error
      if (error.levels > 1) throw new Leave(error.again, error.levels - 1)
      return !error.again
    }
  }

  async #simple(command: Simple): Promise<number> {
    this.#substituted = 0
    const words = await fieldsOf(this, command.words)
    const [name, ...args] = words
    const before = this.#channels
    try {
      if (!(await this.#redirect(command.redirects))) return this.#done(1)
      if (name === undefined) {
        for (const { name, value } of command.assignments) this.assign(name, await textOf(this, value))
        return this.#done(this.#substituted)
      }
      const assigned: (readonly [string, string])[] = []
      for (const { name, value } of command.assignments) assigned.push([name, await textOf(this, value)])
      if (name === 'exec' && args.length === 0) {
        for (const [variable, value] of assigned) this.assign(variable, value)
        return this.#done(0)
      }
      return this.#done(await this.withVariables(assigned, () => this.run(name, args)))
    } finally {
      // Those of a bare exec are the shell's from now on.
      if (name !== 'exec' || args.length > 0) this.#channels = before
    }
  }

  #done(code: number): number {
    this.status = code
    return code
  }

  /** Runs something with variables that count for it alone, and for the programs that it starts. */
  async withVariables(assigned: readonly (readonly [string, string])[], work: () => Promise<number>): Promise<number> {
    const before = assigned.map(([name]) => [name, this.#variables.get(name), this.exported.has(name)] as const)
    for (const [name, value] of assigned) {
      this.assign(name, value)
      this.exported.add(name)
    }
    try {
      return await work()
    } finally {
      for (const [name, value, exported] of before) {
        if (value === undefined) this.#variables.delete(name)
        else this.#variables.set(name, value)
        if (!exported) this.exported.delete(name)
      }
    }
  }

  /** Runs a command by its name: a function, one of the shell's own, a tool that is imitated, or a program. */
  async run(name: string, args: readonly string[]): Promise<number> {
    const called = this.functions.get(name)
    if (called) return this.#call(called, args)
    const own = builtins[name] ?? tools[name.replace(/^\/(?:usr\/)?s?bin\//, '')]
    const call: Call = {
      name,
      args,
      shell: this,
      stdin: this.#channels.get(0)?.source ?? new Input(''),
      stdout: this.#channels.get(1)?.sink ?? nowhere,
      stderr: this.#channels.get(2)?.sink ?? nowhere,
    }
    if (own) {
      try {
        return await own(call)
      } catch (error) {
        if (!(error instanceof ToolFault)) throw error
        call.stderr.write(`${name}: ${error.message}\n`)
        return error.code
      }
    }
    const { code, stdout, stderr } = await this.system.program({
      words: [name, ...args],
      stdin: call.stdin,
      inherits: call.stdin === this.#given,
    })
    call.stdout.write(Buffer.from(stdout).toString('latin1'))
    call.stderr.write(Buffer.from(stderr).toString('latin1'))
    return code
  }

  async #call(body: Command, args: readonly string[]): Promise<number> {
    const before = this.args
    this.args = args
    try {
      return await this.command(body)
    } catch (error) {
      if (error instanceof Return) return error.code
      throw error
    } finally {
      this.args = before
    }
  }

  /** What commands write to stdout. */
  async captured(body: List): Promise<string> {
    const output = new Output()
    const child = this.#child(new Map([...this.#channels, [1, { sink: output }]]))
    this.status = this.#substituted = await child.#ending(() => child.list(body))
    return output.text
  }

  #child(channels: ReadonlyMap<number, Channel>): Shell {
    const child = new Shell(this.system, channels, this.#count)
    child.args = this.args
    child.options = new Set(this.options)
    child.cwd = this.cwd
    child.umask = this.umask
    child.status = this.status
    child.functions = new Map(this.functions)
    child.exported = new Set(this.exported)
    child.#variables = new Map(this.#variables)
    child.#given = this.#given
    child.#tests = this.#tests
    return child
  }

  value(name: string): string | undefined {
    if (/^\d+$/.test(name)) return name === '0' ? 'sh' : this.args[Number(name) - 1]
    switch (name) {
      case '#':
        return String(this.args.length)
      case '?':
        return String(this.status)
      case '$':
        return '4711'
      case '!':
        return this.#started.length > 0 ? '4712' : undefined
      case '-':
        return [...this.options].join('')
      case 'PWD':
        return this.cwd
      default:
        return this.#variables.get(name)
    }
  }
  assign(name: string, value: string): void {
    this.#variables.set(name, value)
  }
  unset(name: string): void {
    this.#variables.delete(name)
    this.exported.delete(name)
  }

  /** A path as it counts from here. */
  path(file: string): string {
    return path.posix.resolve(this.cwd, file)
  }

  /** The channels after the redirections; false where one of them fails, which has been said. */
  async #redirect(redirects: readonly Redirect[]): Promise<boolean> {
    for (const { fd, how, to } of redirects) {
      const target = await textOf(this, to)
      const channels = new Map(this.#channels)
      if (how === '<<') channels.set(fd, { source: new Input(target) })
      else if (how === '<&' || how === '>&') {
        if (target === '-') channels.delete(fd)
        else channels.set(fd, this.#channels.get(Number(target)) ?? {})
      } else {
        const opened = this.#open(target, how)
        if (typeof opened === 'string') {
          this.#complain(`${target}: ${opened}`)
          return false
        }
        channels.set(fd, opened)
      }
      this.#channels = channels
    }
    return true
  }

  #open(target: string, how: string): Channel | string {
    const { files } = this.system
    const file = files.real(this.path(target))
    if (file === '/dev/null') return { source: new Input(''), sink: nowhere }
    const std = /^\/dev\/(?:fd\/(\d+)|std(in|out|err))$/.exec(file)
    if (std) return this.#channels.get(std[1] ? Number(std[1]) : ['in', 'out', 'err'].indexOf(std[2]!)) ?? {}
    const there = files.at(file)
    if (there?.kind === 'directory') return 'Is a directory'
    if (how === '<') return there?.kind === 'file' ? { source: new Input(there.content) } : 'No such file or directory'
    if (files.at(path.posix.dirname(file))?.kind !== 'directory') return 'No such file or directory'
    if (how === '>' && there && this.options.has('C')) return 'cannot overwrite existing file'
    const node =
      there?.kind === 'file'
        ? there
        : ({
            kind: 'file',
            content: '',
            mode: 0o666 & ~this.umask,
            owner: this.system.user,
            group: this.system.user,
            mtime: files.now(),
          } as const satisfies object)
    const opened = node as { content: string; mtime: number } & typeof node
    if (!there) files.put(file, opened)
    if (how === '>' || how === '>|') opened.content = ''
    if (how !== '<>' && !this.system.isTemporary(file)) this.system.changed(['write', file])
    return {
      source: new Input(opened.content),
      sink: {
        write(text) {
          opened.content += text
          opened.mtime = files.now()
        },
      },
    }
  }

  #complain(message: string): void {
    this.#channels.get(2)?.sink?.write(`sh: ${message}\n`)
  }
}

/** A tool cannot do what it was told, and says why. */
export class ToolFault extends Error {
  readonly code: number
  constructor(message: string, code = 1) {
    super(message)
    this.code = code
  }
}
