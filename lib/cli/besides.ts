import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { didYouMean } from '../model/problem.ts'

/** What to do about a file that is not there: the one beside it that was most likely meant, or where to look. */
export function besides(file: string): string {
  const folder = path.dirname(file)
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return `there is no folder ${folder} either: see pwd`
  const there = readdirSync(folder)
  return (
    didYouMean(
      file,
      there.map((name) => (file.startsWith('./') ? `./${path.join(folder, name)}` : path.join(folder, name))),
    ) ?? `see what there is: ls ${folder}`
  )
}
