import path from 'node:path'
import type { FakeNode } from '../fake-files.ts'
import { type Call, type Shell, ToolFault } from './shell.ts'
import { nameOf, type Tool } from './tools.ts'

/** Programs that change files; what they change, but for what is not to last, is told. */
export const changers: Readonly<Record<string, Tool>> = {
  chgrp: (call) => attributes(call, (who) => ({ group: who })),
  chmod: (call) => attributes(call, (mode, node) => ({ mode: changedMode(node, mode) })),
  chown: (call) =>
    attributes(call, (who) => {
      const [owner = '', group = ''] = who.split(/[:.]/)
      return {
        ...(owner === '' ? {} : { owner: nameOf(call.shell, 'passwd', owner) }),
        ...(group === '' ? {} : { group: nameOf(call.shell, 'group', group) }),
      }
    }),
  cp,
  dd: async ({ args, stdin, stdout, shell }) => {
    const given = Object.fromEntries(args.map((arg) => arg.split('=') as [string, string]))
    const size = Number(given['bs'] ?? 512)
    const source = given['if'] === undefined ? undefined : mustBeFile(shell, given['if'])
    const most = given['count'] === undefined ? Number.POSITIVE_INFINITY : size * Number(given['count'])
    const text = source ? source.content.slice(0, most) : await stdin.take(most)
    if (given['of'] === undefined) stdout.write(text)
    else {
      told(shell, [given['of']], ['dd', ...args])
      put(shell, given['of'], text)
    }
    return 0
  },
  ln: ({ name, args, shell }) => {
    const { letters, operands } = words(args)
    const [to = '', where = path.posix.basename(to)] = operands
    const { files } = shell.system
    const folder = files.at(shell.path(where), !letters.includes('n'))?.kind === 'directory' && !letters.includes('T')
    const target = folder ? path.posix.join(where, path.posix.basename(to)) : where
    const there = files.at(shell.path(target), false)
    if (there && !letters.includes('f')) throw new ToolFault(`${target}: File exists`)
    mustHaveFolder(shell, target)
    told(shell, [target], [name, ...args])
    if (letters.includes('s'))
      files.put(files.real(shell.path(target), false), { ...fresh(shell, 0o777), kind: 'link', to })
    else files.put(files.real(shell.path(target), false), mustBeFile(shell, to) as FakeNode)
    return 0
  },
  mkdir: ({ name, args, shell }) => {
    const at = args.indexOf('-m')
    const { letters, operands } = words(at < 0 ? args : args.filter((_, i) => i !== at && i !== at + 1))
    const mode = at < 0 ? 0o777 & ~shell.umask : parseInt(args[at + 1] ?? '', 8)
    const { files } = shell.system
    for (const operand of operands) {
      const folder = shell.path(operand)
      if (files.at(folder)) {
        if (letters.includes('p') && files.at(folder)?.kind === 'directory') continue
        throw new ToolFault(`${operand}: File exists`)
      }
      const missing: string[] = []
      for (let up = folder; !files.at(up); up = path.posix.dirname(up)) missing.unshift(up)
      if (missing.length > 1 && !letters.includes('p')) throw new ToolFault(`${operand}: No such file or directory`)
      told(shell, [operand], [name, ...args])
      for (const one of missing)
        files.put(files.real(one), { ...fresh(shell, one === folder ? mode : 0o777 & ~shell.umask), kind: 'directory' })
    }
    return 0
  },
  mktemp: ({ args, shell, stdout }) => {
    const [template = '/tmp/tmp.XXXXXXXXXX'] = args.filter((arg) => !arg.startsWith('-'))
    const { files, temporary } = shell.system
    const file = temporary(shell.path(template))
    if (args.some((arg) => /^-\w*d/.test(arg)))
      files.put(files.real(file), { ...fresh(shell, 0o700), kind: 'directory' })
    else files.put(files.real(file), { ...fresh(shell, 0o600), kind: 'file', content: '' })
    stdout.write(`${file}\n`)
    return 0
  },
  mv: ({ name, args, shell }) => {
    const { operands } = words(args)
    const target = operands.pop() ?? ''
    const { files, isTemporary } = shell.system
    const intoFolder = files.at(shell.path(target))?.kind === 'directory' && !args.some((arg) => /^-\w*T/.test(arg))
    for (const operand of operands) {
      if (!files.at(shell.path(operand), false)) throw new ToolFault(`${operand}: No such file or directory`)
      const to = intoFolder ? path.posix.join(target, path.posix.basename(operand)) : target
      mustHaveFolder(shell, to)
      // What was made aside and gets its name now is a file that is written.
      if (isTemporary(shell.path(operand))) told(shell, [to], ['write', files.real(shell.path(to), false)])
      else told(shell, [operand, to], [name, ...args])
      files.move(shell.path(operand), shell.path(to))
    }
    return 0
  },
  restorecon: () => 0,
  chcon: () => 0,
  rm: ({ name, args, shell }) => {
    const { letters, operands } = words(args)
    const { files } = shell.system
    for (const operand of operands) {
      const node = files.at(shell.path(operand), false)
      if (!node) {
        if (letters.includes('f')) continue
        throw new ToolFault(`${operand}: No such file or directory`)
      }
      if (node.kind === 'directory' && !/[rR]/.test(letters)) throw new ToolFault(`${operand}: Is a directory`)
      told(shell, [operand], [name, ...args])
      files.remove(shell.path(operand))
    }
    return 0
  },
  rmdir: ({ name, args, shell }) => {
    const { files } = shell.system
    for (const operand of words(args).operands) {
      if (files.names(shell.path(operand)).length > 0) throw new ToolFault(`${operand}: Directory not empty`)
      told(shell, [operand], [name, ...args])
      files.remove(shell.path(operand))
    }
    return 0
  },
  tee: async ({ name, args, shell, stdin, stdout }) => {
    const { letters, operands } = words(args)
    const text = await stdin.rest()
    stdout.write(text)
    for (const operand of operands) {
      told(shell, [operand], [name, ...args])
      const before = shell.system.files.at(shell.path(operand))
      put(shell, operand, (letters.includes('a') && before?.kind === 'file' ? before.content : '') + text)
    }
    return 0
  },
  touch: ({ name, args, shell }) => {
    const { files } = shell.system
    for (const operand of words(args).operands) {
      const node = files.at(shell.path(operand))
      if (node) node.mtime = files.now()
      else {
        told(shell, [operand], [name, ...args])
        put(shell, operand, '')
      }
    }
    return 0
  },
  truncate: ({ name, args, shell }) => {
    const { operands } = words(args.filter((arg, i) => !/^-s/.test(arg) && !/^-s$/.test(args[i - 1] ?? '')))
    const given = args.find((arg) => /^-s./.test(arg))?.slice(2) ?? args[args.indexOf('-s') + 1]
    for (const operand of operands) {
      told(shell, [operand], [name, ...args])
      const node = shell.system.files.at(shell.path(operand))
      const content = node?.kind === 'file' ? node.content : ''
      put(shell, operand, content.slice(0, Number(given)).padEnd(Number(given), '\0'))
    }
    return 0
  },
}

function words(args: readonly string[]): { readonly letters: string; readonly operands: string[] } {
  const end = args.indexOf('--')
  const isOption = (arg: string, i: number) => (end < 0 || i < end) && /^-./.test(arg)
  return {
    letters: args.filter((arg, i) => isOption(arg, i) && !arg.startsWith('--')).join(''),
    operands: args.filter((arg, i) => i !== end && !isOption(arg, i)),
  }
}

/** Tells of a change, unless it is all to what is not to last. */
function told(shell: Shell, changed: readonly string[], command: readonly string[]): void {
  if (changed.every((file) => shell.system.isTemporary(shell.path(file)))) return
  // A script that first goes into a folder means what lies there.
  const named = command.slice(1).map((word) => (/^\.(?:\/|$)/.test(word) ? shell.path(word) : word))
  shell.system.changed([path.posix.basename(command[0]!), ...named])
}

function fresh(shell: Shell, mode: number) {
  const { user, files } = shell.system
  return { mode, owner: user, group: user, mtime: files.now() }
}

function mustHaveFolder(shell: Shell, file: string): void {
  if (shell.system.files.at(path.posix.dirname(shell.path(file)))?.kind !== 'directory')
    throw new ToolFault(`${file}: No such file or directory`)
}

function mustBeFile(shell: Shell, file: string): { content: string } {
  const node = shell.system.files.at(shell.path(file))
  if (node?.kind === 'file') return node
  throw new ToolFault(`${file}: ${node ? 'Is a directory' : 'No such file or directory'}`)
}

function put(shell: Shell, file: string, content: string): void {
  const { files } = shell.system
  mustHaveFolder(shell, file)
  const there = files.at(shell.path(file))
  if (there?.kind === 'file') {
    there.content = content
    there.mtime = files.now()
  } else files.put(files.real(shell.path(file)), { ...fresh(shell, 0o666 & ~shell.umask), kind: 'file', content })
}

function attributes(
  { name, args, shell }: Call,
  wanted: (what: string, node: FakeNode) => Partial<Pick<FakeNode, 'mode' | 'owner' | 'group'>>,
): number {
  const { files } = shell.system
  const reference = args.find((arg) => arg.startsWith('--reference='))
  const { letters, operands } = words(args)
  const what = reference ? '' : (operands.shift() ?? '')
  const named = operands.map((operand) => {
    const node = files.at(shell.path(operand), !letters.includes('h'))
    if (!node) throw new ToolFault(`${operand}: No such file or directory`)
    return files.real(shell.path(operand), !letters.includes('h'))
  })
  told(shell, operands, [name, ...args])
  const below = (folder: string): readonly string[] =>
    files.at(folder, false)?.kind === 'directory'
      ? files.names(folder).flatMap((one) => [path.posix.join(folder, one), ...below(path.posix.join(folder, one))])
      : []
  const all = letters.includes('R') ? named.flatMap((file) => [file, ...below(file)]) : named
  for (const file of all) {
    const node = files.at(file, false)!
    const from = reference && files.at(shell.path(reference.slice('--reference='.length)))
    Object.assign(node, from ? { owner: from.owner, group: from.group, mode: from.mode } : wanted(what, node))
  }
  return 0
}

const shifts = { u: 6, g: 3, o: 0 } as const

function changedMode({ mode, kind }: FakeNode, wanted: string): number {
  if (/^[0-7]+$/.test(wanted)) {
    const bits = parseInt(wanted, 8)
    // Of a directory those letters alone take setuid and setgid away.
    return kind === 'directory' && wanted.length < 5 ? bits | (mode & 0o6000) : bits
  }
  let bits = mode
  for (const clause of wanted.split(',')) {
    const [, who = '', rest = ''] = /^([ugoa]*)(.*)$/.exec(clause) ?? []
    const whom = who === '' || who.includes('a') ? (['u', 'g', 'o'] as const) : ([...who] as ('u' | 'g' | 'o')[])
    for (const [, how, rights = ''] of rest.matchAll(/([-+=])([rwxXst]*)/g)) {
      for (const one of whom) {
        const executes =
          rights.includes('x') || (rights.includes('X') && (kind === 'directory' || (bits & 0o111) !== 0))
        const plain =
          ((rights.includes('r') ? 4 : 0) | (rights.includes('w') ? 2 : 0) | (executes ? 1 : 0)) << shifts[one]
        const special = rights.includes('s') ? (one === 'u' ? 0o4000 : one === 'g' ? 0o2000 : 0) : 0
        if (how === '=') {
          const keeps = kind === 'directory' ? 0 : one === 'u' ? 0o4000 : one === 'g' ? 0o2000 : 0
          bits = (bits & ~(7 << shifts[one]) & ~keeps) | plain | special
        } else bits = how === '+' ? bits | plain | special : bits & ~(plain | special)
      }
      if (rights.includes('t')) bits = how === '-' ? bits & ~0o1000 : bits | 0o1000
    }
  }
  return bits
}

function cp({ name, args, shell }: Call): number {
  const { letters, operands } = words(args)
  const { files } = shell.system
  const target = operands.pop() ?? ''
  const keeps = /[ap]/.test(letters) || args.includes('--preserve=all')
  const bare = args.includes('--attributes-only')
  const intoFolder = files.at(shell.path(target))?.kind === 'directory' && !letters.includes('T')
  const copy = (from: string, to: string): void => {
    const node = files.at(from, !letters.includes('a') && !letters.includes('d'))
    if (!node) throw new ToolFault(`${from}: No such file or directory`)
    const whole = keeps ? { ...node } : { ...node, ...fresh(shell, node.mode & ~shell.umask) }
    const made = bare && whole.kind === 'file' ? { ...whole, content: '' } : whole
    const there = files.at(to, false)
    if (node.kind === 'directory') {
      if (!/[arR]/.test(letters)) throw new ToolFault(`${from} is a directory`)
      if (there?.kind !== 'directory' || keeps) files.put(files.real(to), made)
      for (const one of files.names(from)) copy(path.posix.join(from, one), path.posix.join(to, one))
    } else if (node.kind === 'file' && there?.kind === 'file' && !keeps) there.content = node.content
    else files.put(files.real(to, node.kind !== 'link'), made)
  }
  for (const operand of operands) {
    const to = intoFolder ? path.posix.join(target, path.posix.basename(operand)) : target
    mustHaveFolder(shell, to)
    told(shell, [to], [name, ...args])
    copy(shell.path(operand), shell.path(to))
  }
  return 0
}
