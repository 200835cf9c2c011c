import { exit } from '../model/problem.ts'
import { type Effective, type OptionName, options } from './options.ts'

/** Prints the value of every setting that holds here, and where it comes from. */
export async function showConfig({ values, from }: Effective): Promise<number> {
  // --json says how this is to be printed.
  const names = (Object.keys(options) as OptionName[]).filter((name) => name !== 'json')
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify(Object.fromEntries(names.map((name) => [name, { value: values[name] ?? null, from: from[name] }])), undefined, 2)}\n`,
    )
    return exit.ok
  }
  const rows = names.map((name) => [
    name,
    values[name] === undefined ? 'not set' : JSON.stringify(values[name]),
    from[name],
  ])
  const widths = [0, 1].map((i) => Math.max(...rows.map((row) => row[i]!.length)))
  for (const row of rows)
    process.stdout.write(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    )
  return exit.ok
}
