import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadInventory, type LoadOptions } from '../../../lib/inventory/load.ts'
import type { Inventory } from '../../../lib/model/inventory.ts'
import { Refused, type Problem } from '../../../lib/model/problem.ts'

/** A directory with inventory files in it, gone when disposed. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(path.join(tmpdir(), 'inventory-'))

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, content] of Object.entries(files)) this.write(name, content)
  }

  write(name: string, content: string, mode = 0o644): string {
    const file = path.join(this.path, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
    chmodSync(file, mode)
    return file
  }

  load(paths: readonly string[], options: Partial<LoadOptions> = {}): Promise<Inventory> {
    return loadInventory(paths, { cwd: this.path, ...options })
  }

  /** The problems that loading ends with, with files as they are called in this folder. */
  async problems(paths: readonly string[], options: Partial<LoadOptions> = {}): Promise<readonly string[]> {
    try {
      await this.load(paths, options)
    } catch (error) {
      if (error instanceof Refused) return error.problems.map((problem) => this.#line(problem))
      throw error
    }
    return []
  }

  #line({ message, at, hint }: Problem): string {
    const where = at ? ` (${path.relative(this.path, at.file)}:${at.line})` : ''
    return `${message}${hint ? ` - ${hint}` : ''}${where}`
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

/** The values of a host's variables, without their origins. */
export function values(inventory: Inventory, host: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inventory.hosts.get(host)?.vars ?? {}).map(([name, { value }]) => [name, value]),
  )
}
