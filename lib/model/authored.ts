import { pathToFileURL } from 'node:url'

type Import = (file: string) => Promise<unknown>

let how: Import = (file) => import(pathToFileURL(file).href)

/**
 * Says how files that authors write are loaded; without it they are imported as they are, which needs a loader for
 * TypeScript.
 */
export function authoredBy(load: Import): void {
  how = load
}

/** Loads a playbook, an inventory or settings: a file that its authors wrote, by absolute path. */
export function importAuthored(file: string): Promise<unknown> {
  return how(file)
}
