import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { nearest } from './problem.ts'

/** What to do about a file that is not there: the one beside it that was most likely meant, or where to look. */
export function besides(file: string): string {
  const folder = path.dirname(file)
  if (!isFolder(folder)) return `there is no folder ${folder} either: see pwd`
  return nearIn(file) ?? `see what there is: ls ${folder}`
}

/** The file beside one that is not there that was most likely meant, as it would be written. */
export function nearIn(file: string): string | undefined {
  const folder = path.dirname(file)
  const name = path.basename(file)
  const near = isFolder(folder) ? nearest(name, readdirSync(folder)) : undefined
  return near === undefined ? undefined : `did you mean ${file.slice(0, file.length - name.length)}${near}?`
}

const isFolder = (folder: string) => existsSync(folder) && statSync(folder).isDirectory()
