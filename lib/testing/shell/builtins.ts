import path from 'node:path'
import { quote } from '../../kit/shell.ts'
import { formatted } from './printf.ts'
import { type Call, Exit, Leave, Return, type Shell } from './shell.ts'
import { holds } from './test.ts'
import { tools } from './tools.ts'

/** What a shell can do by itself. */
export const builtins: Readonly<Record<string, (call: Call) => number | Promise<number>>> = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  '.': ({ shell, args: [file = ''] }) => source(shell, file),
  '[': ({ args, shell }) => {
    if (args.at(-1) !== ']') throw new Exit(2)
    return holds(shell, args.slice(0, -1)) ? 0 : 1
  },
  test: ({ args, shell }) => (holds(shell, args) ? 0 : 1),
  break: ({ args: [levels = '1'] }) => {
    throw new Leave(false, Number(levels))
  },
  continue: ({ args: [levels = '1'] }) => {
    throw new Leave(true, Number(levels))
  },
  cd: ({ shell, args, stderr }) => {
    const [to = shell.value('HOME') ?? '/'] = args.filter((arg) => !/^-[LP]?$|^--$/.test(arg))
    const folder = shell.path(to)
    if (shell.system.files.at(folder)?.kind !== 'directory') {
      stderr.write(`cd: ${to}: No such file or directory\n`)
      return 1
    }
    shell.cwd = args.includes('-P') ? shell.system.files.real(folder) : folder
    return 0
  },
  command: async ({ shell, args, stdout }) => {
    const [option, ...names] = args
    if (option !== '-v' && option !== '-V') return shell.run(option ?? ':', names)
    const found = names.map((name) => placeOf(shell, name))
    if (found.includes(undefined)) return 1
    stdout.write(found.map((place) => `${place}\n`).join(''))
    return 0
  },
  echo: ({ args, stdout }) => {
    const bare = args[0] === '-n'
    stdout.write(args.slice(bare ? 1 : 0).join(' ') + (bare ? '' : '\n'))
    return 0
  },
  eval: ({ shell, args }) => (args.join(' ').trim() === '' ? 0 : shell.evaluate(args.join(' '))),
  exec: async ({ shell, args: [name = ':', ...args] }) => {
    throw new Exit(await shell.run(name, args))
  },
  exit: ({ shell, args: [code] }) => {
    throw new Exit(code === undefined ? shell.status : Number(code) & 255)
  },
  export: ({ shell, args }) => {
    for (const arg of args) {
      const [, name = '', value] = /^([^=]*)(?:=([^]*))?$/.exec(arg) ?? []
      if (value !== undefined) shell.assign(name, value)
      shell.exported.add(name)
    }
    return 0
  },
  hash: () => 0,
  kill: () => 0,
  local: ({ shell, args }) => {
    for (const arg of args)
      shell.assign(arg.replace(/=[^]*$/, ''), arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : '')
    return 0
  },
  printf: ({ args: given, stdout }) => {
    const [format = '', ...args] = given[0] === '--' ? given.slice(1) : given
    stdout.write(formatted(format, args))
    return 0
  },
  pwd: ({ shell, stdout }) => {
    stdout.write(`${shell.cwd}\n`)
    return 0
  },
  read,
  return: ({ shell, args: [code] }) => {
    throw new Return(code === undefined ? shell.status : Number(code) & 255)
  },
  set: ({ shell, args }) => {
    let at = 0
    for (; at < args.length; at++) {
      const [, sign, letters = ''] = /^([-+])(.+)$/.exec(args[at]!) ?? []
      if (args[at] === '--' || sign === undefined) break
      if (letters === 'o') {
        at++
        continue
      }
      for (const letter of letters)
        if (sign === '-') shell.options.add(letter)
        else shell.options.delete(letter)
    }
    if (args[at] === '--') shell.args = args.slice(at + 1)
    else if (at < args.length) shell.args = args.slice(at)
    return 0
  },
  shift: ({ shell, args: [count = '1'] }) => {
    if (Number(count) > shell.args.length) return 1
    shell.args = shell.args.slice(Number(count))
    return 0
  },
  trap: ({ shell, args: [action = '-', ...signals] }) => {
    for (const signal of signals) {
      const name = signal === '0' ? 'EXIT' : signal
      if (action === '-') shell.traps.delete(name)
      else shell.traps.set(name, action)
    }
    return 0
  },
  type: ({ shell, args }) => (args.every((name) => placeOf(shell, name) !== undefined) ? 0 : 1),
  umask: ({ shell, args: [mask] }) => {
    if (mask !== undefined) shell.umask = parseInt(mask, 8)
    return 0
  },
  unset: ({ shell, args }) => {
    for (const name of args) if (!name.startsWith('-')) shell.unset(name)
    return 0
  },
  wait: async ({ shell }) => {
    await shell.wait()
    return 0
  },
}

async function source(shell: Shell, file: string): Promise<number> {
  const node = shell.system.files.at(shell.path(file))
  if (node?.kind !== 'file') throw new Exit(1)
  return shell.evaluate(node.content)
}

/** Where a command is, as `command -v` says it; undefined when there is none. */
function placeOf(shell: Shell, name: string): string | undefined {
  const { files } = shell.system
  if (name.includes('/')) return files.at(shell.path(name))?.kind === 'file' ? name : undefined
  if (shell.functions.has(name) || Object.hasOwn(builtins, name)) return name
  const folders = ['/bin', '/usr/bin', '/sbin', '/usr/sbin', '/usr/local/bin']
  const found = folders.map((folder) => path.posix.join(folder, name)).find((file) => files.at(file)?.kind === 'file')
  return found ?? (Object.hasOwn(tools, name) || shell.system.knows(name) ? `/usr/bin/${name}` : undefined)
}

async function read({ shell, args, stdin }: Call): Promise<number> {
  const raw = args.some((arg) => /^-\w*r/.test(arg))
  const names = args.filter((arg) => !arg.startsWith('-'))
  let line = await stdin.line()
  let text = line?.text ?? ''
  // A backslash at the end joins the next line.
  while (!raw && line?.ended && /(?:^|[^\\])(?:\\\\)*\\$/.test(text)) {
    line = await stdin.line()
    text = text.slice(0, -1) + (line?.text ?? '')
  }
  if (!raw) text = text.replaceAll(/\\([^])/g, '$1')
  const separators = shell.value('IFS') ?? ' \t\n'
  const blank = [...separators].filter((c) => ' \t\n'.includes(c)).join('')
  const isSeparator = (c: string) => c !== '' && separators.includes(c)
  const isBlank = (c: string) => c !== '' && blank.includes(c)
  let at = 0
  while (isBlank(text[at] ?? '')) at++
  for (const [i, name] of (names.length > 0 ? names : ['REPLY']).entries()) {
    if (i === Math.max(names.length, 1) - 1) {
      let end = text.length
      while (end > at && isBlank(text[end - 1]!)) end--
      shell.assign(name, text.slice(at, end))
      break
    }
    const start = at
    while (at < text.length && !isSeparator(text[at]!)) at++
    shell.assign(name, text.slice(start, at))
    while (isBlank(text[at] ?? '')) at++
    if (isSeparator(text[at] ?? '') && !isBlank(text[at] ?? '')) at++
    while (isBlank(text[at] ?? '')) at++
  }
  return line?.ended ? 0 : 1
}

/** Words as they would be typed. */
export function typed(words: readonly string[]): string {
  return words.map(quote).join(' ')
}
