import { command } from '../cli/command.ts'
import { type OptionName, options } from '../cli/options.ts'
import { columns } from '../model/columns.ts'
import { exit } from '../model/problem.ts'

export const config = command({
  describe: 'Show the value of every setting and where it comes from',
  options,
  async act({ values, from }) {
    // --json says how this is to be printed.
    const names = (Object.keys(options) as OptionName[]).filter((name) => name !== 'json')
    const text = values.json
      ? JSON.stringify(
          Object.fromEntries(names.map((name) => [name, { value: values[name] ?? null, from: from[name] }])),
          undefined,
          2,
        )
      : columns(
          names.map((name) => [
            name,
            values[name] === undefined ? 'not set' : JSON.stringify(values[name]),
            from[name],
          ]),
        ).join('\n')
    process.stdout.write(`${text}\n`)
    return exit.ok
  },
})
