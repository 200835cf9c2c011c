import path from 'node:path'
import type { FakeNode } from '../fake-files.ts'
import { fits } from './pattern.ts'
import type { Call } from './shell.ts'
import { numberOf } from './tools.ts'

interface Found {
  readonly name: string
  readonly node: FakeNode
  prune: boolean
}
type Test = (found: Found) => boolean | Promise<boolean>

/** Looks through directories and does with what it finds what it is told. */
export async function find(call: Call): Promise<number> {
  const { args, shell, stdout } = call
  const { files } = shell.system
  const first = args.findIndex((arg) => /^[-!(]/.test(arg))
  const [starts, words] = first < 0 ? [args, []] : [args.slice(0, first), [...args.slice(first)]]
  const batches: { readonly command: readonly string[]; readonly names: string[] }[] = []
  let depthFirst = false
  let deepest = Number.POSITIVE_INFINITY
  let acts = false
  let code = 0

  const next = () => words.shift() ?? ''
  const run = async (command: readonly string[]) => {
    const [name = ':', ...rest] = command
    return shell.run(name, rest)
  }
  const primary = (): Test => {
    const word = next()
    switch (word) {
      case '!': {
        const test = primary()
        return async (found) => !(await test(found))
      }
      case '(': {
        const test = either()
        next()
        return test
      }
      case '-name': {
        const pattern = next()
        return ({ name }) => fits(path.posix.basename(name), [{ text: pattern, quoted: false }])
      }
      case '-path': {
        const pattern = next()
        return ({ name }) => fits(name, [{ text: pattern, quoted: false }])
      }
      case '-type': {
        const kind = { f: 'file', d: 'directory', l: 'link' }[next()]
        return ({ node }) => node.kind === kind
      }
      case '-user': {
        const user = numberOf(shell, 'passwd', next())
        return ({ node }) => numberOf(shell, 'passwd', node.owner) === user
      }
      case '-group': {
        const group = numberOf(shell, 'group', next())
        return ({ node }) => numberOf(shell, 'group', node.group) === group
      }
      case '-perm': {
        const given = next()
        const bits = parseInt(given.replace(/^[-/+]/, ''), 8)
        if (given.startsWith('-')) return ({ node }) => (node.mode & bits) === bits
        return /^[/+]/.test(given) ? ({ node }) => (node.mode & bits) !== 0 : ({ node }) => node.mode === bits
      }
      case '-empty':
        return ({ name, node }) =>
          node.kind === 'file'
            ? node.content === ''
            : node.kind === 'directory' && files.names(shell.path(name)).length === 0
      case '-prune':
        return (found) => {
          found.prune = true
          return true
        }
      case '-depth':
        depthFirst = true
        return () => true
      case '-maxdepth':
        deepest = Number(next())
        return () => true
      case '-xdev':
      case '-mount':
        return () => true
      case '-print':
        acts = true
        return ({ name }) => {
          stdout.write(`${name}\n`)
          return true
        }
      case '-print0':
        acts = true
        return ({ name }) => {
          stdout.write(`${name}\0`)
          return true
        }
      case '-delete':
        acts = depthFirst = true
        return async ({ name, node }) =>
          (await run(node.kind === 'directory' ? ['rmdir', name] : ['rm', '-f', name])) === 0
      case '-exec': {
        acts = true
        const command: string[] = []
        let word = next()
        for (; word !== ';' && !(word === '+' && command.at(-1) === '{}') && words.length > 0; word = next())
          command.push(word)
        if (word === '+') {
          const batch = { command: command.slice(0, -1), names: [] as string[] }
          batches.push(batch)
          return ({ name }) => {
            batch.names.push(name)
            return true
          }
        }
        return async ({ name }) => (await run(command.map((one) => one.replaceAll('{}', name)))) === 0
      }
      default:
        throw new Error(`find ${args.join(' ')}: nobody here knows ${word}`)
    }
  }
  const both = (): Test => {
    const tests = [primary()]
    while (words.length > 0 && words[0] !== '-o' && words[0] !== ')') {
      if (words[0] === '-a') next()
      tests.push(primary())
    }
    return async (found) => {
      for (const test of tests) if (!(await test(found))) return false
      return true
    }
  }
  const either = (): Test => {
    const tests = [both()]
    while (words[0] === '-o') {
      next()
      tests.push(both())
    }
    return async (found) => {
      for (const test of tests) if (await test(found)) return true
      return false
    }
  }
  const test = words.length > 0 ? either() : () => true
  const visit = async (name: string, depth: number): Promise<void> => {
    const node = files.at(shell.path(name), false)
    if (!node) return
    const found: Found = { name, node, prune: false }
    const look = async () => {
      if ((await test(found)) && !acts) stdout.write(`${name}\n`)
    }
    if (!depthFirst) await look()
    if (node.kind === 'directory' && !found.prune && depth < deepest)
      for (const one of files.names(shell.path(name))) await visit(`${name.replace(/\/$/, '')}/${one}`, depth + 1)
    if (depthFirst) await look()
  }
  for (const start of starts.length === 0 ? ['.'] : starts) {
    if (!files.at(shell.path(start), false)) {
      call.stderr.write(`find: ${start}: No such file or directory\n`)
      code = 1
    } else await visit(start, 0)
  }
  for (const { command, names } of batches) if (names.length > 0 && (await run([...command, ...names])) !== 0) code = 1
  return code
}
