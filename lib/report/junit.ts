import path from 'node:path'
import type { Failure, Reporter, Timed } from '../model/event.ts'
import { makeFolder } from '../model/disk.ts'
import { showLocation } from '../model/location.ts'
import { type Output, replaceFile } from '../model/output-file.ts'
import { showPath } from '../model/path.ts'
import { drawCrash, drawFailure } from './failure.ts'
import { paints } from './paint.ts'

interface Suite {
  readonly play: string
  readonly since: number
  readonly cases: string[]
  failures: number
  errors: number
  skipped: number
  milliseconds: number
}

/** The files that JUnit reports are kept in. */
export const junitFile: Output = { what: 'a JUnit report', isOne: (text) => /^<\?xml [^>]*>\s*<testsuite/.test(text) }

/** Writes a JUnit file when the run is over: a test suite for each play, a test case for each task on each host. */
export function junitReporter(file: string): Reporter {
  const suites = new Map<string, Suite>()
  let playbook = 'run'
  const suiteOf = (play: string, time: number) => {
    let suite = suites.get(play)
    if (!suite) {
      suite = { play, since: time, cases: [], failures: 0, errors: 0, skipped: 0, milliseconds: 0 }
      suites.set(play, suite)
    }
    return suite
  }
  return {
    report(event) {
      if (event.type === 'play-started') suiteOf(event.play, event.time)
      if (event.type === 'run-finished' && event.failure) {
        const suite = suiteOf(playbook, event.time)
        suite.errors++
        suite.cases.push(crashed(event.failure))
      }
      if (event.type === 'run-started') playbook = event.playbook
      if (event.type !== 'task-finished') return
      const suite = suiteOf(event.path.play, event.time)
      if (event.status === 'failed') suite.failures++
      if (event.status === 'unreachable') suite.errors++
      if (event.status === 'skipped') suite.skipped++
      suite.milliseconds += event.milliseconds
      suite.cases.push(testCase(event))
    },
    async close() {
      makeFolder(path.dirname(file))
      replaceFile(file, document([...suites.values()]), 0o666)
    },
  }
}

function document(suites: readonly Suite[]): string {
  const sum = (of: (suite: Suite) => number) => suites.reduce((total, suite) => total + of(suite), 0)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    tag(
      '<testsuites',
      {
        tests: sum((s) => s.cases.length),
        failures: sum((s) => s.failures),
        errors: sum((s) => s.errors),
        skipped: sum((s) => s.skipped),
        time: seconds(sum((s) => s.milliseconds)),
      },
      '>',
    ),
    ...suites.flatMap((suite) => [
      tag(
        '  <testsuite',
        {
          name: suite.play,
          tests: suite.cases.length,
          failures: suite.failures,
          errors: suite.errors,
          skipped: suite.skipped,
          time: seconds(suite.milliseconds),
          timestamp: new Date(suite.since).toISOString().slice(0, 19),
        },
        '>',
      ),
      ...suite.cases,
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n')
}

/** What belongs to no task. */
function crashed(failure: Failure): string {
  const said = drawCrash(failure, paints(false), 200)
  const inside = `<error message="${attribute(failure.reason.split('\n')[0]!)}" type="crashed">`
  return tag(
    '    <testcase',
    { classname: 'run', name: 'the run as a whole', time: seconds(0) },
    `>${inside}${content(said.join('\n'))}</error></testcase>`,
  )
}

function testCase(event: Extract<Timed, { readonly type: 'task-finished' }>): string {
  const where = showLocation(event.at)
  const colon = where.lastIndexOf(':')
  const inside = detail(event)
  return tag(
    '    <testcase',
    {
      classname: event.path.play,
      name: `[${event.host}] ${showPath(event.path)}`,
      file: where.slice(0, colon),
      line: where.slice(colon + 1),
      time: seconds(event.milliseconds),
    },
    inside ? `>${inside}</testcase>` : '/>',
  )
}

function tag(open: string, attributes: Readonly<Record<string, string | number>>, end: string): string {
  const pairs = Object.entries(attributes).map(([name, value]) => ` ${name}="${attribute(String(value))}"`)
  return open + pairs.join('') + end
}

function detail({ host, path, status, failure, reason }: Extract<Timed, { readonly type: 'task-finished' }>): string {
  const drawn = failure
    ? drawFailure({ host, path, status, failure }, paints(false), 200, 0).join('\n')
    : (reason ?? status)
  const message = failure?.reason.split('\n')[0] ?? reason ?? status
  switch (status) {
    case 'failed':
      return `<failure message="${attribute(message)}" type="failed">${content(drawn)}</failure>`
    case 'unreachable':
      return `<error message="${attribute(message)}" type="unreachable">${content(drawn)}</error>`
    case 'skipped':
      return `<skipped message="${attribute(message)}"/>`
    case 'ignored':
    case 'rescued':
    case 'resumed':
      return `<system-out>${content(status === 'resumed' ? 'resumed: done in an earlier run' : drawn)}</system-out>`
    case 'ok':
    case 'changed':
      return ''
  }
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(3)

function content(text: string): string {
  // XML 1.0 has no way to write the other control characters, nor halves of surrogate pairs.
  const legal = text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
  return legal.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function attribute(text: string): string {
  const quoted = content(text).replaceAll('"', '&quot;')
  return quoted.replaceAll('\n', '&#10;').replaceAll('\t', '&#9;').replaceAll('\r', '&#13;')
}
