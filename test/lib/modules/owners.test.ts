// Edits of files whose owners check them: `validate` must say what the owner itself says of the very same content, and
// what it refuses must leave no trace. More cases: npm run test:owners; SWITCHOVER_SEED=N runs some again.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pack, unpack } from '../../../lib/model/change.ts'
import type { Operation } from '../../../lib/model/operation.ts'
import { jobLine, type Schedule } from '../../../lib/modules/cron/text.ts'
import { block, file, line, replace } from '../../../lib/modules/index.ts'
import type { Written } from '../../../lib/kit/written.ts'
import { emptyDirectory, here } from '../../rig/here.ts'
import { leftOut, type Need, needs } from '../../rig/needs.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'

needs('root')
inPrivateNamespaces(import.meta.url)

const cases = process.env['SWITCHOVER_CASES']
const seed = Number(process.env['SWITCHOVER_SEED'] ?? Date.now() % 1_000_000_000)
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, LC_ALL: 'C' }
const connection = here({ env: { PATH: env.PATH } })
const folder = emptyDirectory()

interface Owner {
  readonly need: Need
  /** The command, with %s for the file. */
  readonly check: string
  readonly base: string
  readonly lines: readonly string[]
}

const nothing = join(folder, 'none')
const owners: readonly Owner[] = [
  {
    need: 'visudo',
    check: 'visudo -cf %s',
    base: 'Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n',
    lines: [
      'deploy ALL=(ALL) NOPASSWD: ALL',
      'nova ALL=(root) NOPASSWD: /usr/bin/nova-rootwrap /etc/nova/rootwrap.conf *',
      'Defaults:nova !requiretty',
      'deploy ALL=(ALL NOPASSWD: ALL',
      'Defaults nosuchsetting_at_all==',
      'deploy ALL',
      'User_Alias OPS = alice, bob',
      'ops ALL=(ALL) : ALL',
    ],
  },
  {
    need: 'sshd',
    check: `sshd -t -h ${join(folder, 'key')} -f %s`,
    base: 'Port 22\nPermitRootLogin no\nUsePAM no\n',
    lines: [
      'PermitRootLogin yes',
      'PermitRootLogin perhaps',
      'Port 2222',
      'Port none',
      'Match User deploy',
      'AuthorizedKeysFile .ssh/authorized_keys',
      'NoSuchWord yes',
      'AllowUsers root deploy',
      'Subsystem sftp internal-sftp',
      'Ciphers rot13',
    ],
  },
  {
    need: 'nginx',
    check: 'nginx -t -e stderr -c %s',
    base: `events {}\npid ${join(folder, 'pid')};\nhttp {\n  access_log off;\n  server { listen 127.0.0.1:8099; }\n}\n`,
    lines: [
      'worker_processes 2;',
      'worker_processes 2',
      '  keepalive_timeout 5;',
      '  server { listen 127.0.0.1:8098; }',
      '  server { listen 127.0.0.1:8097; ',
      '}',
      'user root;',
      'no_such_word on;',
      '# a remark',
    ],
  },
  {
    need: 'logrotate',
    check: `logrotate -d -s ${nothing} %s`,
    base: `${nothing}.log {\n  weekly\n  missingok\n  rotate 4\n}\n`,
    lines: [
      '  daily',
      '  rotate 8',
      '  rotate many',
      '  size 10M',
      '  size 10Q',
      '}',
      '  compress',
      '  create 0640 root root',
      '  create 9999',
      '  nosuchword',
    ],
  },
  {
    need: 'crontab',
    check: 'crontab -n %s',
    base: 'MAILTO=root\n5 4 * * * /bin/true\n',
    lines: [
      '*/5 * * * * /bin/true',
      '61 * * * * /bin/true',
      '@daily /bin/true',
      '@sometimes /bin/true',
      '* * * *',
      'PATH=/bin',
      '1-5 2 * jan mon-fri x',
      '# remark',
    ],
  },
]

const texts = (own: readonly string[]) => fc.constantFrom(...own)
const place = fc.constantFrom<'BOF' | RegExp | undefined>(undefined, 'BOF', /^[A-Z]/)

/** Something that edits the file at a path, with or without a check. */
type Edit = (path: string, validate?: string) => Operation<Written>

const edits = ({ base, lines }: Owner): fc.Arbitrary<{ said: string; make: Edit }> => {
  const there = base.trimEnd().split('\n')
  const made = (said: string, make: (path: string, options: { readonly validate?: string }) => Operation<Written>) => ({
    said,
    make: ((path, validate) => make(path, validate === undefined ? {} : { validate })) as Edit,
  })
  return fc.oneof(
    fc
      .tuple(texts(lines), place)
      .map(([text, before]) =>
        made(`line ${text} ${String(before)}`, (path, options) =>
          line.present(path, { line: text, ...(before === undefined ? {} : { insertBefore: before }), ...options }),
        ),
      ),
    fc
      .tuple(texts(lines), texts(there))
      .map(([text, old]) =>
        made(`line ${text} for ${old}`, (path, options) => line.present(path, { line: text, search: old, ...options })),
      ),
    texts(there).map((old) => made(`no ${old}`, (path, options) => line.absent(path, { line: old, ...options }))),
    fc
      .array(texts(lines), { minLength: 1, maxLength: 3 })
      .map((some) =>
        made(`block ${some.join(' | ')}`, (path, options) => block.present(path, some.join('\n'), options)),
      ),
    fc
      .tuple(texts(there), texts(lines))
      .map(([old, text]) =>
        made(`replace ${old} by ${text}`, (path, options) =>
          replace(
            path,
            new RegExp(`^${old.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`, 'm'),
            text.replaceAll('$', '$$$$'),
            options,
          ),
        ),
      ),
    fc
      .array(texts([...lines, ...there]), { maxLength: 5 })
      .map((some) =>
        made(`content ${some.join(' | ')}`, (path, options) =>
          file.content(path, some.map((one) => `${one}\n`).join(''), options),
        ),
      ),
  )
}

/** Whether the operation went through; the reason when it did not. */
async function carriedOut(operation: Operation<Written>): Promise<string | undefined> {
  try {
    const { changed, change, apply } = await operation.prepare(connection)
    if (changed)
      await apply(
        connection,
        unpack(JSON.parse(JSON.stringify(pack(change, new Map()))), () => undefined),
      )
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

for (const owner of owners) {
  const test = suite(`files of ${owner.need}`)
  if (leftOut(`all of ${owner.need}`, owner.need)) continue
  if (owner.need === 'sshd') {
    mkdirSync('/run/sshd', { recursive: true })
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')])
  }
  const at = join(folder, `d-${owner.need}`)
  mkdirSync(at)
  const [real, copy] = [join(at, 'file'), join(folder, `copy-${owner.need}`)]
  const accepts = (path: string) =>
    spawnSync('sh', ['-c', owner.check.replace('%s', path)], { env, cwd: '/' }).status === 0

  test(`it accepts the beginning`, () => {
    writeFileSync(real, owner.base, { mode: 0o600 })
    assert.ok(accepts(real))
  })

  test(`are written as it accepts them, and stay as they are otherwise (seed ${seed})`, async () => {
    const said = { written: 0, refused: 0, same: 0 }
    await fc.assert(
      fc.asyncProperty(edits(owner), async ({ make }) => {
        writeFileSync(real, owner.base, { mode: 0o600 })
        copyFileSync(real, copy)
        // What comes of it unchecked is refused by us for reasons of its own, or is what its owner is asked about.
        const own = await carriedOut(make(copy))
        const now = readFileSync(copy, 'utf8')
        const wanted = own === undefined && (now === owner.base || accepts(copy))
        const why = await carriedOut(make(real, owner.check))
        assert.is(why === undefined, wanted, why ?? `it was written and ${owner.need} refuses it`)
        assert.is(readFileSync(real, 'utf8'), wanted ? now : owner.base)
        assert.equal(readdirSync(at), ['file'])
        if (own === undefined && !wanted) assert.match(why!, `the new content of ${real} on here was refused by`)
        said[now === owner.base ? 'same' : wanted ? 'written' : 'refused']++
      }),
      { numRuns: Number(cases ?? 2), seed },
    )
    if (cases !== undefined) process.stdout.write(`\n${owner.need}: seed ${seed}, ${JSON.stringify(said)}\n`)
  })

  test.run()
}

const times = suite('times of jobs')

/** What authors write for a field, right and wrong. */
const field = (least: number, most: number, names: readonly string[]): fc.Arbitrary<string | number> => {
  const one = fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: least, max: most }).map(String) },
    fc.constantFrom(String(most + 1), '00', '-1', '1.5', 'x', ...names),
  )
  const range = fc.oneof(
    one,
    fc.constant('*'),
    fc.tuple(one, one).map((two) => two.join('-')),
  )
  const step = fc.constantFrom('', '', '', '/2', '/0', '/', `/${most}`, `/${most * 2}`, '/x')
  const part = fc.tuple(range, step).map((both) => both.join(''))
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant('*') },
    { weight: 4, arbitrary: part },
    fc.array(part, { minLength: 2, maxLength: 3 }).map((parts) => parts.join(',')),
    fc.constantFrom('', ' ', ',', '1,', '?', 'L', '*/5 *'),
  )
}
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const schedule: fc.Arbitrary<Schedule> = fc.record({
  minute: field(0, 59, ['jan']),
  hour: field(0, 23, ['mon']),
  day: field(1, 31, ['mon']),
  month: field(1, 12, ['jan', 'DEC', 'Jun', 'January', 'mon']),
  weekday: field(0, 7, ['sun', 'Mon', 'SAT', 'Sunday', 'jan', 'xyz']),
})

if (!leftOut('the times of jobs', 'crontab')) {
  times(`are refused where cron refuses them, and only there (seed ${seed})`, () => {
    const path = join(folder, 'table')
    const said = { good: 0, bad: 0 }
    fc.assert(
      fc.property(schedule, (when) => {
        const { minute, hour, day, month, weekday } = when
        const plain = `${[minute, hour, day, month, weekday].join(' ')} /bin/true`
        writeFileSync(path, `${plain}\n`)
        const { status, stderr } = spawnSync('crontab', ['-n', path], { env, encoding: 'utf8' })
        let ours: string | undefined
        try {
          ours = jobLine(when, [], '/bin/true')
        } catch {
          ours = undefined
        }
        // It takes some that it never runs, as 5-1, and some that nobody means, as 1-1.5.
        const odd = Object.values(when).some((one) => !/^[\w*,/-]+$/.test(String(one)) || isBackwards(String(one)))
        if (odd) assert.is(ours, undefined, plain)
        else assert.is(ours !== undefined, status === 0, `${plain}: ${stderr || 'cron takes it'}`)
        if (ours !== undefined) assert.is(ours, plain)
        said[status === 0 ? 'good' : 'bad']++
      }),
      { numRuns: Number(cases ?? 40), seed },
    )
    if (cases !== undefined) process.stdout.write(`\ncrontab: seed ${seed}, ${JSON.stringify(said)}\n`)
  })
}

times('a range that runs backwards is refused, for cron takes it and never runs it', () => {
  for (const weekday of ['sat-sun', '5-1', 'mon,fri-mon'])
    assert.throws(() => jobLine({ weekday }, [], 'x'), /cannot be a weekday of a job/)
  assert.is(jobLine({ weekday: '5-7' }, [], 'x'), '* * * * 5-7 x')
})

times.run()

function isBackwards(text: string): boolean {
  const order = (one: string) =>
    Math.max(
      Number.isNaN(Number(one)) ? -1 : Number(one),
      months.indexOf(one.toLowerCase()) + 1,
      days.indexOf(one.toLowerCase()),
    )
  return text.split(',').some((part) => {
    const [, from, to] = /^(\w+)-(\w+)/.exec(part) ?? []
    return from !== undefined && order(from) > order(to!)
  })
}
