import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Call, ToolFault } from './shell.ts'
import type { Tool } from './tools.ts'

const names = [
  ...['awk', 'comm', 'cut', 'diff', 'egrep', 'expr', 'fgrep', 'grep'],
  ...['join', 'od', 'paste', 'sed', 'sort', 'tr', 'uniq'],
]

/**
 * Programs that make text of text, each a language of its own: those of this machine do it. They run in a folder that
 * is thrown away, which has copies of the files that they are given, and nothing else.
 */
export const filters: Readonly<Record<string, Tool>> = Object.fromEntries(names.map((name) => [name, filter]))

async function filter({ name, args, stdin, stdout, stderr, shell }: Call): Promise<number> {
  const { files } = shell.system
  const folder = mkdtempSync(path.join(tmpdir(), 'switchover-'))
  const inside = (file: string) => path.join(folder, 'root', file)
  const given: string[] = []
  try {
    mkdirSync(inside(shell.cwd), { recursive: true })
    const program = path.posix.basename(name)
    const fileless = /^(?:expr|tr)$/.test(program)
    const words = args.map((arg) => {
      const file = shell.path(arg)
      const node = fileless || arg.startsWith('-') ? undefined : files.at(file)
      // A path leads nowhere else, whether or not something lies there.
      const isPath = node?.kind === 'file' || (arg.startsWith('/') && arg !== args.find((one) => !one.startsWith('-')))
      if (fileless || !isPath) return arg
      if (node?.kind === 'file') {
        given.push(file)
        mkdirSync(path.dirname(inside(file)), { recursive: true })
        writeFileSync(inside(file), node.content, 'latin1')
      }
      return inside(file)
    })
    const input = given.length > 0 && !words.includes('-') ? '' : program === 'expr' ? '' : await stdin.rest()
    const { code, out, err } = await run(program, words, inside(shell.cwd), input)
    const without = (text: string) => text.replaceAll(inside(''), '/').replaceAll(inside('').replace(/\/$/, ''), '')
    stdout.write(without(out))
    stderr.write(without(err))
    for (const file of given) {
      const node = files.at(file)
      const now = readFileSync(inside(file), 'latin1')
      if (node?.kind !== 'file' || now === node.content) continue
      shell.system.changed([program, ...args])
      node.content = now
      node.mtime = files.now()
    }
    return code
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  stdin: string,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' } })
    const texts = { out: '', err: '' }
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      texts.out += text
    })
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      texts.err += text
    })
    child.on('error', (error) => reject(new ToolFault(error.message, 127)))
    child.on('close', (code) => resolve({ code: code ?? 255, ...texts }))
    child.stdin.on('error', () => {})
    child.stdin.end(Buffer.from(stdin, 'latin1'))
  })
}
