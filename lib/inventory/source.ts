import { readFileSync } from 'node:fs'
import type { Draft } from './draft.ts'
import { isVault, type VaultOpener } from './vault.ts'

/** What a file says, opened where it is a vault. */
export interface Source {
  readonly file: string
  readonly text: string
  /** It was a vault: every text in it is secret. */
  readonly secret: boolean
}

/** Reads a file that may be a vault; undefined when it cannot be opened, which is told as a problem. */
export async function readSource(draft: Draft, file: string, vault: VaultOpener): Promise<Source | undefined> {
  const content = readFileSync(file, 'utf8')
  if (!isVault(content)) return { file, text: content, secret: false }
  try {
    return { file, text: (await vault.open(content)).plain.toString('utf8'), secret: true }
  } catch (error) {
    draft.refused(error, { file, line: 1 })
    return undefined
  }
}
