import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

/** A folder of its own, as somebody has it who installed switchover there. */
export interface Project {
  readonly folder: string
  run(...args: readonly string[]): { readonly code: number; readonly said: string }
  remove(): void
}

/** The playbook that the README shows, and its inventory. */
export function sampleOf(readme: string): { readonly playbook: string; readonly inventory: string } {
  const playbook = /```ts\n((?:(?!```)[^])*export default playbook\([^]*?)```/.exec(readme)?.[1]
  const inventory = /```ini\n([^]*?)```/.exec(readme)?.[1]
  if (!playbook || !inventory) throw new Error('README.md shows no playbook, or no inventory')
  return { playbook, inventory }
}

/** A project with the README's playbook as workers.ts and its inventory as hosts.ini; what they write stays inside of it. */
export function sampleProject(readme: string, change = (playbook: string) => playbook): Project {
  const { playbook, inventory } = sampleOf(readme)
  const folder = mkdtempSync(path.join(tmpdir(), 'switchover-readme-'))
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(root, path.join(folder, 'node_modules/switchover'))
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  writeFileSync(path.join(folder, 'workers.ts'), change(playbook).replaceAll('/tmp/', `${folder}/`))
  writeFileSync(path.join(folder, 'hosts.ini'), inventory)
  return {
    folder,
    run(...args) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'lib/run.cjs'), ...args], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', COLUMNS: '110' },
      })
      return { code: status ?? 1, said: `${stdout}${stderr}`.replaceAll(`${folder}/`, '/tmp/') }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The README's misspelling. */
export const misspelt = (playbook: string): string => playbook.replace('host.vars.workers }', 'host.vars.wokers }')

/** What a terminal shows when somebody types what the README says. */
export function sampleOutput(readme: string): string {
  const [right, wrong] = [sampleProject(readme), sampleProject(readme, misspelt)]
  try {
    const typed = 'run workers.ts -i hosts.ini --diff'
    const well = right.run(...typed.split(' ').slice(1))
    if (well.code !== 0) throw new Error(`the README's playbook failed:\n${well.said}`)
    const badly = wrong.run(...typed.split(' ').slice(1))
    const misspelling = `sed -i 's/host.vars.workers }/host.vars.wokers }/' workers.ts && ${typed}`
    return `\`\`\`console\n$ ${typed}\n${well.said.trim()}\n\n$ ${misspelling}\n${badly.said.trim()}\n\`\`\`\n`
  } finally {
    right.remove()
    wrong.remove()
  }
}
