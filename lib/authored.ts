import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

type Door = (name: string) => object | undefined

const running = Symbol.for('switchover')

/**
 * Loads a file that its authors wrote, by absolute path: a playbook, an inventory, settings, a reporter, a connection.
 * It may be TypeScript, and gets the very library that is running.
 * @throws Error with the places of what is wrong when it cannot be built
 */
export async function importAuthored(named: string): Promise<unknown> {
  // As Node has it: what a linked file imports lies beside the file itself.
  const file = existsSync(named) ? realpathSync(named) : named
  if (!Reflect.has(globalThis, running)) {
    // Whoever runs our sources as they are has a loader for theirs, too.
    if (import.meta.filename.endsWith('.ts')) return import(pathToFileURL(file).href)
    await openForProgram()
  }
  const { importAuthored } = compiled() as { importAuthored(file: string): Promise<unknown> }
  return importAuthored(file)
}

/** The command has done this for itself. */
async function openForProgram(): Promise<void> {
  const [switchover, modules, kit] = await Promise.all([
    import('./index.ts'),
    import('./modules/index.ts'),
    import('./kit/index.ts'),
  ])
  const doors = new Map<string, object>([
    ['index.ts', switchover],
    ['modules/index.ts', modules],
    ['kit/index.ts', kit],
  ])
  const { openTo } = compiled() as { openTo(door: Door): void }
  openTo((name) => doors.get(name))
}

// Built or not, one folder beside this one; the same that the command has loaded.
function compiled(): unknown {
  return createRequire(import.meta.url)('../lib/compiled.cjs')
}
