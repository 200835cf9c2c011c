import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

/** A folder as a reader of the pages has it, who installed switchover there. */
export interface Project {
  readonly folder: string
  /** Saves a file under a name. What it writes below /tmp goes into the folder instead. */
  save(name: string, content: string): void
  /** Types a line into a shell, and gives all that the terminal then shows. */
  type(line: string): { readonly code: number; readonly said: string }
  remove(): void
}

/** An empty project: nothing but the dependency, and `run` on the PATH. */
export function emptyProject(): Project {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchover-pages-'))
  mkdirSync(path.join(folder, 'node_modules/.bin'), { recursive: true })
  symlinkSync(root, path.join(folder, 'node_modules/switchover'))
  const command = path.join(folder, 'node_modules/.bin/run')
  symlinkSync(path.join(root, 'lib/run.cjs'), command)
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const inside = (text: string) => text.replaceAll('/tmp/', `${folder}/`)
  // What points at a column moves with the text before it.
  const outside = (text: string) =>
    text
      .replace(/^(.*)\n( +)\^$/gm, (_, line: string, blanks: string) => {
        const longer = line.length - line.replaceAll(`${folder}/`, '/tmp/').length
        return `${line}\n${blanks.slice(longer)}^`
      })
      .replaceAll(`${folder}/`, '/tmp/')
  return {
    folder,
    save(name, content) {
      const file = path.join(folder, name)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, inside(content))
    },
    type(line) {
      const { status, stdout } = spawnSync('/bin/sh', ['-c', `exec 2>&1\n${inside(line)}`], {
        cwd: folder,
        encoding: 'utf8',
        env: {
          ...process.env,
          // As typed, whoever started us: npm would have `npx run` advised.
          npm_command: undefined,
          PATH: `${path.dirname(command)}:${process.env.PATH}`,
          NO_COLOR: '1',
          FORCE_COLOR: '0',
          COLUMNS: '110',
        },
      })
      return { code: status ?? 1, said: outside(stdout) }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
