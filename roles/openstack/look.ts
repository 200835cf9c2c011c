import { Advice, role, type Task } from '../../lib/index.ts'
import { Unreachable } from '../../lib/kit/index.ts'
import { database } from '../../lib/modules/index.ts'
import { atLeast, computePackage } from '../compute/version.ts'
import { guests, knownToNova } from '../nova/look.ts'
import { type CloudHost, type CloudView, cloud, releaseOf, targetOf } from './cloud.ts'
import { rootLogin } from './logins.ts'
import { type Foretold, foretell, inParts, lasts } from './durations.ts'
import * as theCloud from './look/cloud.ts'
import * as data from './look/data.ts'
import { broken, type Finding, findAll, type Look, moved, standsInTheWay, table } from './look/finding.ts'
import * as hosts from './look/hosts.ts'
import { room } from './look/room.ts'
import { policies, settings } from './look/settings.ts'
import { texts } from './look/texts.ts'

/** What is foretold of how long the move takes; nothing where it has been made. */
export let foretold: Task<{ readonly foretold: Foretold | null }>

/**
 * Everything that can be known before anything is touched, of which the article's «Setting up» asks for the
 * credentials. Every host is asked for everything, and what is found on all of them is told in one table: what is
 * moved, what is left alone, what is to be mended and how, and what is refused. Nothing is changed anywhere.
 */
export const look = role('look', cloud, ({ task }) => {
  const tags = ['preflight']
  const all = subjects()
  const looked: readonly Task<{ readonly findings: readonly Finding[] }>[] = all.map(({ name, on, looks }) =>
    task(name, { tags, when: concerned(on) }, async (host) => ({ findings: await findAll(host, looks) })),
  )
  foretold = task('Foretell how long it takes', { tags, when: concerned(['target']) }, async (host) => ({
    foretold: (await isMoved(host)) ? null : await foretell(host).catch(toldToBeUnknown(host)),
  }))
  task('Tell what was found', { tags, once: true }, (host) => {
    const { source, target, computes } = host.vars
    const found = [source, target, ...computes].map(({ name }) => {
      const one = host.on({ name })
      const durations = one.resultIfRun(foretold)?.foretold
      const findings = looked.flatMap((task) => one.resultIfRun(task)?.findings ?? [])
      return [name, [...findings, ...(durations ? told(durations) : [])]] as const
    })
    for (const line of table(found)) host.log(line)
    return Object.fromEntries(found)
  })
  // What was found is kept with the run: after something was mended, --resume must look again.
  task('Stop where something stands in the way', { tags }, async (host) => {
    const again = all.filter((_, i) => host.resultIfRun(looked[i]!)?.findings.some(standsInTheWay))
    const still = (
      await findAll(
        host,
        again.flatMap(({ looks }) => looks),
      )
    ).filter(standsInTheWay)
    if (still.length > 0) throw inTheWay(still)
  })
})

function told({ lasting, away, back, from }: Foretold): readonly Finding[] {
  const rates = from.length === 0 ? 'from sizes alone' : `from sizes, and: ${from.join('; ')}`
  return [
    ...inParts(lasting).map(moved),
    moved(`the cloud is away for about ${lasts(away)}, and the way back takes about ${lasts(back)} (${rates})`),
  ]
}

/** What keeps it from being foretold keeps nothing from being moved, or is a finding of another look. */
function toldToBeUnknown(host: CloudHost) {
  return (error: unknown): null => {
    if (error instanceof Unreachable) throw error
    host.log(`how long it takes cannot be foretold: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

interface Subject {
  readonly name: string
  /** The groups of the hosts that are looked at. */
  readonly on: readonly string[]
  readonly looks: readonly Look[]
}

function subjects(): readonly Subject[] {
  return [
    { name: 'Look at the host', on: ['source', 'target', 'compute'], looks: [hosts.clocks, hosts.names] },
    {
      name: 'Look at the cloud',
      on: ['source', 'target'],
      looks: [theCloud.simple, theCloud.containers, theCloud.databases, hosts.daemons],
    },
    {
      name: 'Look at the source',
      on: ['source'],
      looks: [
        theCloud.others,
        ...[data.sizes, data.schemas, data.migratable, data.underWay, ofServices].map(unlessMoved),
      ],
    },
    {
      name: 'Look at the target',
      on: ['target'],
      looks: [
        theCloud.passwords,
        data.server,
        hosts.broker,
        unlessMoved(room),
        unlessMoved(settings),
        unlessMoved(policies),
        unlessMoved(texts),
      ],
    },
    {
      name: 'Look at the compute node',
      on: ['compute'],
      looks: [release, knownToNova, hosts.storageNetwork, hosts.broker, guests],
    },
  ]
}

function concerned(groups: readonly string[]) {
  return (host: CloudView) => groups.some((group) => host.groups.includes(group))
}

/** Data that has been moved is the source's no more: what it has there is of the past. */
function unlessMoved(look: Look): Look {
  return async (host) => ((await isMoved(targetOf(host))) ? [] : look(host))
}

/** What each service alone would look at. */
async function ofServices(host: CloudHost): Promise<readonly Finding[]> {
  return findAll(
    host,
    releaseOf(host).services.flatMap(({ looks }) => looks ?? []),
  )
}

async function isMoved(target: CloudHost): Promise<boolean> {
  const names = theCloud.databasesOf(target).map(({ name }) => name)
  const stages = await target.run(database.stages(names, rootLogin(target)))
  return Object.values(stages).every((stage) => stage === 'migrated')
}

async function release(host: CloudHost): Promise<readonly Finding[]> {
  const version = await computePackage(host)
  const { name, least } = releaseOf(host).compute.cap
  if (atLeast(version, least)) return [moved(`nova-compute ${version} stays, and gets a new controller`)]
  return [
    broken(
      `nova-compute is ${version}, and takes ${name} right only from ${least} on`,
      `update the nova packages of ${host.name} within ${releaseOf(host).from}`,
    ),
  ]
}

function inTheWay(findings: readonly Finding[]): Advice {
  const [first, ...others] = findings
  const told = findings.map(({ verdict, what, mend }) => `${verdict}: ${what}${mend ? `\n  → ${mend}` : ''}`)
  if (others.length === 0) return new Advice(`${first!.verdict}: ${first!.what}`, first!.mend ?? '')
  return new Advice(told.join('\n'), 'mend each of these, then look again: run playbooks/preflight.ts -i INVENTORY')
}
