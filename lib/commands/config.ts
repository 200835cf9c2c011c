import { readAnsibleConfig } from '../cli/ansible-config.ts'
import { command } from '../cli/command.ts'
import { type OptionName, options } from '../cli/options.ts'
import { columns } from '../model/columns.ts'
import type { RawVars } from '../model/inventory.ts'
import { exit } from '../model/problem.ts'

export const config = command({
  describe: 'Show the value of every setting and where it comes from',
  options,
  async act({ values, from }) {
    const defaults: RawVars = values['ansible-config'] ? readAnsibleConfig().defaults : {}
    // --json says how this is to be printed.
    const names = (Object.keys(options) as OptionName[]).filter((name) => name !== 'json')
    const text = values.json
      ? JSON.stringify(
          {
            ...Object.fromEntries(names.map((name) => [name, { value: values[name] ?? null, from: from[name] }])),
            ...defaults,
          },
          undefined,
          2,
        )
      : columns([
          ...names.map((name) => [
            name,
            values[name] === undefined ? 'not set' : JSON.stringify(values[name]),
            from[name],
          ]),
          ...Object.entries(defaults).map(([name, { value, from: place }]) => [
            name,
            JSON.stringify(value),
            `${place}, for hosts of which the inventory says nothing`,
          ]),
        ]).join('\n')
    process.stdout.write(`${text}\n`)
    return exit.ok
  },
})
