import { createHash } from 'node:crypto'
import path from 'node:path'
import { changers } from './changers.ts'
import { filters } from './filters.ts'
import { find } from './find.ts'
import { Input } from './streams.ts'
import { type Call, Shell, ToolFault } from './shell.ts'

export type Tool = (call: Call) => number | Promise<number>

/** Programs that hosts have and that work on what is in memory; those that change something tell so. */
export const tools: Readonly<Record<string, Tool>> = {
  ...changers,
  ...filters,
  find,
  base64,
  basename: ({ args, stdout }) => {
    const [file = '', suffix = ''] = args.filter((arg) => arg !== '--')
    const name = path.posix.basename(file)
    stdout.write(
      `${suffix !== '' && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name}\n`,
    )
    return 0
  },
  cat: async (call) => {
    const { files, code } = await inputsOf(call, call.args)
    for (const { text } of files) call.stdout.write(text)
    return code
  },
  cmp: async (call) => {
    const { files, code } = await inputsOf(call, call.args)
    if (code !== 0) return 2
    if (files[0]?.text === files[1]?.text) return 0
    if (!call.args.includes('-s')) call.stdout.write(`${files.map(({ name }) => name).join(' ')} differ\n`)
    return 1
  },
  date: ({ args, stdout, shell }) => {
    const now = new Date(shell.system.files.now() * 1000)
    const format = args.find((arg) => arg.startsWith('+'))?.slice(1) ?? '%c'
    const two = (n: number) => String(n).padStart(2, '0')
    const parts: Readonly<Record<string, string>> = {
      s: String(Math.floor(now.getTime() / 1000)),
      Y: String(now.getUTCFullYear()),
      m: two(now.getUTCMonth() + 1),
      d: two(now.getUTCDate()),
      H: two(now.getUTCHours()),
      M: two(now.getUTCMinutes()),
      S: two(now.getUTCSeconds()),
      F: now.toISOString().slice(0, 10),
      T: now.toISOString().slice(11, 19),
      z: '+0000',
      Z: 'UTC',
      c: now.toUTCString(),
    }
    stdout.write(`${format.replaceAll(/%(\w)/g, (part, name: string) => parts[name] ?? part)}\n`)
    return 0
  },
  dirname: ({ args: [file = ''], stdout }) => {
    stdout.write(`${path.posix.dirname(file)}\n`)
    return 0
  },
  env: ({ args, shell, stdout }) => {
    const at = args.findIndex((arg) => !/^-|=/.test(arg))
    const [name, ...rest] = at < 0 ? [] : args.slice(at)
    const assigned = (at < 0 ? args : args.slice(0, at)).flatMap((arg) => {
      const [, variable, value] = /^(\w+)=([^]*)$/.exec(arg) ?? []
      return variable === undefined ? [] : [[variable, value!] as const]
    })
    return shell.withVariables(assigned, async () => {
      if (name !== undefined) return shell.run(name, rest)
      stdout.write([...shell.exported].map((one) => `${one}=${shell.value(one) ?? ''}\n`).join(''))
      return 0
    })
  },
  getent: ({ args: [database = '', ...keys], shell, stdout }) => {
    const lines = linesOf(shell, `/etc/${database}`)
    const found = lines.filter((line) => {
      const fields = line.split(':')
      return keys.length === 0 || keys.includes(fields[0]!) || keys.includes(fields[2]!)
    })
    stdout.write(found.map((line) => `${line}\n`).join(''))
    return found.length > 0 ? 0 : 2
  },
  head: ends((text, lines, bytes) =>
    bytes === undefined
      ? text
          .split(/(?<=\n)/)
          .slice(0, lines)
          .join('')
      : text.slice(0, bytes),
  ),
  hostname: ({ stdout, shell }) => {
    stdout.write(`${shell.value('HOSTNAME') ?? 'localhost'}\n`)
    return 0
  },
  id,
  ls,
  nice: wrapper,
  nohup: wrapper,
  readlink,
  seq: ({ args, stdout }) => {
    const numbers = args.map(Number)
    const [first, step, last] =
      numbers.length === 1
        ? [1, 1, numbers[0]!]
        : numbers.length === 2
          ? [numbers[0]!, 1, numbers[1]!]
          : (numbers as [number, number, number])
    for (let n = first; step > 0 ? n <= last : n >= last; n += step) stdout.write(`${n}\n`)
    return 0
  },
  sh,
  bash: sh,
  sha256sum: sums('sha256'),
  sha1sum: sums('sha1'),
  md5sum: sums('md5'),
  sleep: ({ args, shell }) => {
    const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 }
    for (const arg of args) shell.system.sleep(parseFloat(arg) * (units[arg.slice(-1)] ?? 1))
    return 0
  },
  stat,
  sync: () => 0,
  tail: ends((text, lines, bytes, from) => {
    if (bytes !== undefined) return from ? text.slice(bytes - 1) : text.slice(Math.max(0, text.length - bytes))
    const all = text.split(/(?<=\n)/)
    return all.slice(from ? lines - 1 : Math.max(0, all.length - lines)).join('')
  }),
  timeout: ({ args, shell }) => {
    const [, name = ':', ...rest] = args.filter((arg) => !/^-/.test(arg) || args.indexOf(arg) > 1)
    return shell.run(name, rest)
  },
  uname: ({ args, stdout, shell }) => {
    const all: Readonly<Record<string, string>> = {
      s: 'Linux',
      n: shell.value('HOSTNAME') ?? '',
      r: '2.6.32',
      m: 'x86_64',
    }
    const letters = args.join('').replaceAll('-', '') || 's'
    stdout.write(
      `${(letters === 'a' ? 'snrm' : letters)
        .split('')
        .map((c) => all[c] ?? '')
        .join(' ')}\n`,
    )
    return 0
  },
  wc: async (call) => {
    const { files, code } = await inputsOf(call, call.args)
    const letters = call.args.filter((arg) => /^-\w/.test(arg)).join('') || '-lwc'
    for (const { name, text } of files) {
      const counts = [
        ...(letters.includes('l') ? [text.split('\n').length - 1] : []),
        ...(letters.includes('w') ? [text.split(/\s+/).filter(Boolean).length] : []),
        ...(/[cm]/.test(letters) ? [text.length] : []),
      ]
      call.stdout.write(`${counts.join(' ')}${name === '-' ? '' : ` ${name}`}\n`)
    }
    return code
  },
}

/** A file that a tool was given, or what it was to read. */
interface Given {
  readonly name: string
  readonly text: string
}

/** The contents of the files among the words, or of stdin where there is none; what is missing has been said. */
async function inputsOf(
  { name, stdin, stderr, shell }: Call,
  words: readonly string[],
): Promise<{ readonly files: readonly Given[]; readonly code: number }> {
  const end = words.indexOf('--')
  const operands = words.filter((word, i) =>
    end >= 0 && i > end ? true : word !== '--' && (word === '-' || !word.startsWith('-')),
  )
  const files: Given[] = []
  let code = 0
  for (const operand of operands.length === 0 ? ['-'] : operands) {
    const node = operand === '-' ? undefined : shell.system.files.at(shell.path(operand))
    if (operand === '-' || operand === '/dev/stdin') files.push({ name: '-', text: await stdin.rest() })
    else if (node?.kind === 'file') files.push({ name: operand, text: node.content })
    else if (operand === '/dev/null') files.push({ name: operand, text: '' })
    else {
      code = 1
      stderr.write(`${name}: ${operand}: ${node ? 'Is a directory' : 'No such file or directory'}\n`)
    }
  }
  return { files, code }
}

function linesOf(shell: Shell, file: string): readonly string[] {
  const node = shell.system.files.at(file)
  return node?.kind === 'file' ? node.content.split('\n').filter(Boolean) : []
}

/** The number of a user or group; those that no file names are given ones of their own. */
export function numberOf(shell: Shell, database: 'passwd' | 'group', name: string): number {
  if (/^\d+$/.test(name)) return Number(name)
  const line = linesOf(shell, `/etc/${database}`).find((one) => one.startsWith(`${name}:`))
  return line ? Number(line.split(':')[2]) : 500 + [...name].reduce((sum, c) => sum + c.charCodeAt(0), 0)
}

/** The name behind a number, where somebody here has it: a user of the host, or of one of its files. */
export function nameOf(shell: Shell, database: 'passwd' | 'group', who: string): string {
  if (!/^\d+$/.test(who)) return who
  const { files } = shell.system
  const owners = files.list().map((file) => files.meta(file)?.[database === 'passwd' ? 'owner' : 'group'] ?? '')
  const names = [...linesOf(shell, `/etc/${database}`).map((line) => line.split(':')[0]!), ...owners]
  return names.find((name) => numberOf(shell, database, name) === Number(who)) ?? who
}

async function base64(call: Call): Promise<number> {
  const { files, code } = await inputsOf(
    call,
    call.args.filter((arg) => !/^-w|^\d+$/.test(arg)),
  )
  for (const { text } of files) {
    if (call.args.some((arg) => /^(?:-d|-D|--decode)$/.test(arg)))
      call.stdout.write(Buffer.from(text, 'base64').toString('latin1'))
    else
      call.stdout.write(
        Buffer.from(text, 'latin1')
          .toString('base64')
          .replaceAll(/.{1,76}/g, '$&\n'),
      )
  }
  return code
}

function ends(part: (text: string, lines: number, bytes: number | undefined, from: boolean) => string): Tool {
  return async (call) => {
    let lines = 10
    let bytes: number | undefined
    let from = false
    const operands: string[] = []
    const args = [...call.args]
    for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
      const [, option, rest] = /^-([nc])(.*)$/.exec(arg) ?? /^-()(\d+)$/.exec(arg) ?? []
      if (option === undefined) {
        if (arg !== '--' && !/^-[qvf]$/.test(arg)) operands.push(arg)
        continue
      }
      const given = rest || args.shift() || '0'
      from = given.startsWith('+')
      if (option === 'c') bytes = Math.abs(Number(given))
      else lines = Math.abs(Number(given))
    }
    // Of a stream no more is taken than is wanted: others may go on behind it.
    if (operands.length === 0 && bytes !== undefined && call.name.endsWith('head')) {
      call.stdout.write(await call.stdin.take(bytes))
      return 0
    }
    const { files, code } = await inputsOf(call, operands)
    for (const { text } of files) call.stdout.write(part(text, lines, bytes, from))
    return code
  }
}

function id({ args, shell, stdout }: Call): number {
  const letters = args.filter((arg) => arg.startsWith('-')).join('')
  const [name = shell.system.user] = args.filter((arg) => !arg.startsWith('-'))
  const user = linesOf(shell, '/etc/passwd')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':')
  if (!user && name !== shell.system.user) throw new ToolFault(`${name}: no such user`)
  const groups = linesOf(shell, '/etc/group').map((line) => line.split(':'))
  const main = groups.find(([, , gid]) => gid === user?.[3])?.[0] ?? name
  const all = [main, ...groups.filter(([, , , members]) => members?.split(',').includes(name)).map(([group]) => group!)]
  const named = letters.includes('n')
  if (letters.includes('G'))
    stdout.write(`${(named ? all : all.map((group) => numberOf(shell, 'group', group))).join(' ')}\n`)
  else if (letters.includes('g')) stdout.write(`${named ? main : numberOf(shell, 'group', main)}\n`)
  else if (letters.includes('u')) stdout.write(`${named ? name : numberOf(shell, 'passwd', name)}\n`)
  else stdout.write(`uid=${numberOf(shell, 'passwd', name)}(${name}) gid=${numberOf(shell, 'group', main)}(${main})\n`)
  return 0
}

function ls({ args, shell, stdout, stderr }: Call): number {
  const letters = args.filter((arg) => /^-\w/.test(arg)).join('')
  const operands = args.filter((arg) => !/^-/.test(arg))
  const { files } = shell.system
  let code = 0
  const names = (operands.length === 0 ? ['.'] : operands).flatMap((operand) => {
    const node = files.at(shell.path(operand), false)
    if (!node) {
      stderr.write(`ls: ${operand}: No such file or directory\n`)
      code = 2
      return []
    }
    if (node.kind !== 'directory' || letters.includes('d')) return [operand]
    return files.names(shell.path(operand)).filter((name) => /[aA]/.test(letters) || !name.startsWith('.'))
  })
  const time = (name: string) => files.at(shell.path(name))?.mtime ?? 0
  if (letters.includes('t')) names.sort((a, b) => time(b) - time(a))
  stdout.write(names.map((name) => `${name}\n`).join(''))
  return code
}

function readlink({ args, shell, stdout }: Call): number {
  const follow = args.some((arg) => /^-\w*[fem]/.test(arg))
  const [file = ''] = args.filter((arg) => !arg.startsWith('-'))
  const { files } = shell.system
  if (follow) {
    const real = files.real(shell.path(file))
    if (files.at(path.posix.dirname(real))?.kind !== 'directory') return 1
    stdout.write(`${real}\n`)
    return 0
  }
  const node = files.at(shell.path(file), false)
  if (node?.kind !== 'link') return 1
  stdout.write(`${node.to}\n`)
  return 0
}

async function sh(call: Call): Promise<number> {
  const [option = '', ...rest] = call.args
  const { shell, stdin, stdout, stderr } = call
  const env = Object.fromEntries([...shell.exported].map((name) => [name, shell.value(name) ?? '']))
  const inner = (script: string, args: readonly string[], source = stdin) =>
    Shell.run(shell.system, `set -- ${args.map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(' ')}\n${script}`, {
      cwd: shell.cwd,
      stdin: source,
      stdout,
      stderr,
      env,
      umask: shell.umask,
    })
  if (/^-\w*c$/.test(option)) return inner(rest[0] ?? '', rest.slice(2))
  if (option === '-s')
    return inner(
      await stdin.rest(),
      rest.filter((arg, i) => i > 0 || arg !== '--'),
      new Input(''),
    )
  if (option === '') return inner(await stdin.rest(), [], new Input(''))
  const node = shell.system.files.at(shell.path(option))
  if (node?.kind !== 'file') throw new ToolFault(`${option}: No such file or directory`, 127)
  return inner(node.content, rest)
}

function sums(algorithm: string): Tool {
  return async (call) => {
    const { files, code } = await inputsOf(call, call.args)
    for (const { name, text } of files)
      call.stdout.write(`${createHash(algorithm).update(text, 'latin1').digest('hex')}  ${name}\n`)
    return code
  }
}

const typeBits = { file: 0o100000, directory: 0o040000, link: 0o120000 } as const
const typeNames = { file: 'regular file', directory: 'directory', link: 'symbolic link' } as const

function stat({ args, shell, stdout, stderr }: Call): number {
  const follow = args.some((arg) => /^-\w*L/.test(arg))
  const at = args.findIndex((arg) => /^-\w*c$|^--format/.test(arg))
  const option = args[at] ?? ''
  const format = option.includes('=') ? option.slice(option.indexOf('=') + 1) : (args[at + 1] ?? '')
  const operands = args.filter((arg, i) => i !== at && (option.includes('=') || i !== at + 1) && !/^-/.test(arg))
  let code = 0
  for (const operand of operands) {
    const node = shell.system.files.at(shell.path(operand), follow)
    if (!node) {
      stderr.write(`stat: cannot stat ${operand}: No such file or directory\n`)
      code = 1
      continue
    }
    const size = node.kind === 'file' ? node.content.length : node.kind === 'link' ? node.to.length : 4096
    const said: Readonly<Record<string, string>> = {
      a: node.mode.toString(8),
      // Files in memory have no holes.
      b: String(Math.ceil(size / 4096) * 8),
      f: (typeBits[node.kind] | node.mode).toString(16),
      F: typeNames[node.kind],
      g: String(numberOf(shell, 'group', node.group)),
      G: node.group,
      n: operand,
      s: String(size),
      u: String(numberOf(shell, 'passwd', node.owner)),
      U: node.owner,
      Y: String(Math.floor(node.mtime)),
    }
    stdout.write(`${format.replaceAll(/%(.)/g, (part, letter: string) => said[letter] ?? part)}\n`)
  }
  return code
}

function wrapper({ args, shell }: Call): Promise<number> {
  const at = args.findIndex((arg) => !/^-|^\d+$/.test(arg))
  return shell.run(args[at] ?? ':', args.slice(at + 1))
}
