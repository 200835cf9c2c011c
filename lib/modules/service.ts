import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { type Command, perform } from '../kit/command.ts'
import { left } from '../model/foreseen.ts'
import { Advice, CommandFailed, operation, type Operation } from '../model/operation.ts'
import { atBoot } from './service/at-boot.ts'
import { failureOf, type Order, ordering } from './service/orders.ts'
import { type Status, statuses } from './service/status.ts'

export type { Manager, Status } from './service/status.ts'
export { daemonReload, masked, unmasked } from './service/masked.ts'
export { since } from './service/since.ts'

/** Which services were touched. */
export type Changed = { readonly services: readonly string[] }

/** How patient to be, and where to look when it goes wrong. */
export interface ServiceOptions {
  /** Seconds until a service that does not get there counts as failed; 60 unless said. */
  readonly timeout?: number
  /** Seconds that a service must keep running after its start, since many die a moment later; 2 unless said. */
  readonly settle?: number
  /** Log files whose last lines the error shows; of those that match a pattern the one written last. */
  readonly log?: string | readonly string[]
  /** Told all at once, and not one after the other in the order given: for many that take long. */
  readonly together?: boolean
}

const serviceNames: OptionNames<ServiceOptions> = { timeout: true, settle: true, log: true, together: true }

type Names = readonly [first: string | ServiceOptions, ...names: string[]]

/**
 * Services that run: those that do not are started together, and watched for a moment.
 *
 * ```ts
 * task('Start the daemons', service.started('openstack-glance-api', 'openstack-glance-registry'))
 * task('Start nova-api', service.started({ log: '/var/log/nova/api.log' }, 'openstack-nova-api'))
 * ```
 */
export function started(...names: Names): Operation<Changed> {
  return act({ word: 'started', ...parse('started', names) })
}

/**
 * Services that do not run; resolves when their manager says that they have stopped.
 *
 * ```ts
 * task('Stop the daemons', service.stopped('openstack-glance-api', 'openstack-glance-registry'))
 * ```
 */
export function stopped(...names: Names): Operation<Changed> {
  return act({ word: 'stopped', ...parse('stopped', names) })
}

/**
 * Stops and starts services, those that were stopped too; always a change, made for handlers.
 *
 * ```ts
 * const restart = handler('Restart nova-compute', service.restarted('openstack-nova-compute'))
 * ```
 */
export function restarted(...names: Names): Operation<Changed> {
  return act({ word: 'restarted', ...parse('restarted', names) })
}

/**
 * Lets running services read their configuration again, and starts those that do not run; always a change.
 *
 * ```ts
 * const reload = handler('Reload the web server', service.reloaded('httpd'))
 * ```
 */
export function reloaded(...names: Names): Operation<Changed> {
  return act({ word: 'reloaded', ...parse('reloaded', names) })
}

/**
 * Services that are started when the host boots.
 *
 * ```ts
 * task('Start them at boot', service.enabled('mysqld', 'rabbitmq-server'))
 * ```
 */
export function enabled(...names: readonly [string, ...string[]]): Operation<Changed> {
  return act({ word: 'enabled', ...parse('enabled', names) })
}

/**
 * Services that are not started when the host boots; whether they run now does not change.
 *
 * ```ts
 * task('Keep them down', service.disabled('openstack-nova-network'))
 * ```
 */
export function disabled(...names: readonly [string, ...string[]]): Operation<Changed> {
  return act({ word: 'disabled', ...parse('disabled', names) })
}

/**
 * What a service does now: only looks.
 *
 * ```ts
 * const { running } = await host.run(service.status('mysqld'))
 * ```
 */
export function status(name: string): Operation<Status> {
  return ask(parse('status', [name]).names[0]!)
}

const ask = operation<string, readonly Status[], Status>((name) => `service.status ${name}`, {
  read: (connection, name) => statuses(connection, [name]),
  plan: (found) => ({ result: found[0]! }),
  foresees: true,
})

type Action = Order | 'enabled' | 'disabled'

interface Acting {
  readonly word: Action
  readonly names: readonly string[]
  readonly options: ServiceOptions
}

function parse(word: string, [first, ...rest]: Names): Omit<Acting, 'word'> {
  if (Array.isArray(first))
    throw new Advice(`service.${word} takes its names one by one, and got a list`, `write service.${word}(...names)`)
  const [names, options] = typeof first === 'string' ? [[first, ...rest], {}] : [rest, first]
  refuseUnknown(`service.${word}`, options, serviceNames)
  if (names.length === 0) throw new Advice(`service.${word} names no service`, 'name one at least')
  for (const name of names) {
    if (!/^[\w@][\w@.:+-]*$/.test(name))
      throw new Advice(
        `service.${word}: ${JSON.stringify(name)} cannot be the name of a service`,
        'write the name as systemctl or service know it, such as nova-api',
      )
  }
  return { names: [...new Set(names)], options }
}

const act = operation<Acting, readonly Status[], Command, Changed>(
  ({ word, names }) => `service.${word} ${names.join(' ')}`,
  {
    lasting: ({ word }) => word !== 'restarted' && word !== 'reloaded',
    read: (connection, { names }) => statuses(connection, names),
    plan(found, { word, options }) {
      const due = found.filter((one) => isDue[word](one))
      const names = due.map(({ name }) => name)
      if (due.length === 0) return { result: { services: [] } }
      return {
        result: { services: names },
        change: word === 'enabled' || word === 'disabled' ? atBoot(word, names) : ordering(word, names, options),
        leaves: due.map(({ name }) => left<Status>(`service ${name}`, (is) => ({ ...is, ...brought[word] }))),
        diff: due.map((one) => ({ path: `service ${one.name}`, before: `${before(one, word)}\n`, after: `${word}\n` })),
      }
    },
    async apply(connection, command, { word, options }) {
      try {
        await perform(connection, command)
      } catch (error) {
        const told = error instanceof CommandFailed && word !== 'enabled' && word !== 'disabled'
        throw told ? failureOf(error, word, options) : error
      }
    },
  },
)

const isDue: Readonly<Record<Action, (found: Status) => boolean>> = {
  started: ({ running }) => !running,
  stopped: ({ running }) => running,
  restarted: () => true,
  reloaded: () => true,
  enabled: ({ enabled }) => !enabled,
  disabled: ({ enabled }) => enabled,
}

const brought: Readonly<Record<Action, Partial<Status>>> = {
  started: { running: true },
  stopped: { running: false },
  restarted: { running: true },
  reloaded: {},
  enabled: { enabled: true },
  disabled: { enabled: false },
}

function before({ running, enabled }: Status, word: Action): string {
  if (word === 'enabled' || word === 'disabled') return enabled ? 'enabled' : 'disabled'
  return running ? 'running' : 'stopped'
}
