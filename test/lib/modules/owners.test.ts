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
  /** Whose files, where a program has several kinds. */
  readonly of?: string
  /** The command, with %s for the file. */
  readonly check: string
  readonly base: string
  readonly lines: readonly string[]
}

const nothing = join(folder, 'none')
// No program checks what lies in cron.d but cron itself, which says it to the log when it starts.
const cron = join(folder, 'cron')
writeFileSync(
  cron,
  `exec unshare -m sh -c '
    f=$(mktemp) && cat "$1" >$f && mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 || exit 9
    for d in /run /etc/cron.d /var/spool/cron; do mount -t tmpfs none $d || exit 9; done
    mkdir /var/spool/cron/crontabs; touch /run/crond.reboot; mount --bind /dev/null /etc/crontab || exit 9
    cat $f >/etc/cron.d/file; rm $f
    busybox syslogd -n -O /run/said & daemons=$!
    until [ -S /dev/log ]; do sleep 0.01; done
    cron -f & daemons="$daemons $!"
    until grep -qs "@reboot jobs" /run/said; do sleep 0.01; done
    kill $daemons
    ! grep -i "error" /run/said' sh "$1"
`,
)
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
  {
    need: 'crontab',
    of: 'cron.d',
    check: `sh ${cron} %s`,
    base: 'MAILTO=root\n5 4 * * * root /bin/true\n',
    lines: [
      '*/5 * * * * root /bin/true',
      '61 * * * * root /bin/true',
      '@daily root /bin/true',
      '@sometimes root /bin/true',
      '* * * * * nosuchuser /bin/true',
      '* * * *',
      'PATH=/bin',
      '1-5 2 * jan mon-fri root x',
      '# remark',
    ],
  },
]

const texts = (own: readonly string[]) => fc.constantFrom(...own)
const place = fc.constantFrom<'BOF' | RegExp | undefined>(undefined, 'BOF', /^[A-Z]/)
const marker = fc.constantFrom('# {mark} MANAGED', '# {mark}', undefined)
const asPattern = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Something that edits the file at a path, with or without a check. */
type Edit = (path: string, validate?: string) => Operation<Written>
type Options = { readonly validate?: string }

const made = (kind: string, said: string, make: (path: string, options: Options) => Operation<Written>) => ({
  kind,
  said: `${kind} ${said}`,
  make: ((path, validate) => make(path, validate === undefined ? {} : { validate })) as Edit,
})

/** An edit, of a file that has a block already or has none. */
const edits = ({ base, lines }: Owner) => {
  const there = base.trimEnd().split('\n')
  const some = fc.array(texts(lines), { minLength: 1, maxLength: 3 })
  const line_ = fc.oneof(
    fc
      .tuple(texts(lines), place)
      .map(([text, before]) =>
        made('line', `${text} ${String(before)}`, (path, options) =>
          line.present(path, { line: text, ...(before === undefined ? {} : { insertBefore: before }), ...options }),
        ),
      ),
    fc
      .tuple(texts(lines), texts(there))
      .map(([text, old]) =>
        made('line', `${text} for ${old}`, (path, options) =>
          line.present(path, { line: text, search: old, ...options }),
        ),
      ),
    texts(there).map((old) =>
      made('line', `no ${old}`, (path, options) => line.absent(path, { line: old, ...options })),
    ),
  )
  const block_ = fc.oneof(
    fc.tuple(some, place, marker).map(([inside, before, mark]) =>
      made('block', `${inside.join(' | ')} ${String(before)} ${mark}`, (path, options) =>
        block.present(path, inside.join('\n'), {
          ...(before === undefined ? {} : { insertBefore: before }),
          ...(mark === undefined ? {} : { marker: mark }),
          ...options,
        }),
      ),
    ),
    fc.constant(made('block', 'none', (path, options) => block.absent(path, options))),
  )
  const replace_ = fc.oneof(
    fc
      .tuple(texts(there), some)
      .map(([old, text]) =>
        made('replace', `${old} by ${text.join(' | ')}`, (path, options) =>
          replace(path, new RegExp(`^${asPattern(old)}$`, 'm'), text.join('\n').replaceAll('$', '$$$$'), options),
        ),
      ),
    // Words and what stands around them.
    fc
      .tuple(texts(base.match(/\w+/g)!), texts(lines.flatMap((one) => one.match(/\w+/g) ?? [])))
      .map(([old, word]) =>
        made('replace', `word ${old} by ${word}`, (path, options) =>
          replace(path, new RegExp(`\\b(${old})\\b(.*)$`), `${word}$2`, options),
        ),
      ),
    fc.tuple(texts(there), texts(there), texts(lines)).map(([from, to, text]) =>
      made('replace', `${from} to ${to} by ${text}`, (path, options) =>
        replace(path, /^.+$/, text.replaceAll('$', '$$$$'), {
          after: new RegExp(asPattern(from)),
          before: new RegExp(`^${asPattern(to)}`),
          ...options,
        }),
      ),
    ),
  )
  const content = fc
    .array(texts([...lines, ...there]), { maxLength: 5 })
    .map((all) =>
      made('content', all.join(' | '), (path, options) =>
        file.content(path, all.map((one) => `${one}\n`).join(''), options),
      ),
    )
  const begun = fc.oneof(
    fc.constant(base),
    texts(lines).map((one) => `${base}# BEGIN switchover managed block\n${one}\n# END switchover managed block\n`),
  )
  const edit = fc.oneof(line_, { weight: 2, arbitrary: block_ }, { weight: 2, arbitrary: replace_ }, content)
  return fc.record({ begun, edit })
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
  const name = owner.of ?? owner.need
  const test = suite(`files of ${name}`)
  if (leftOut(`all of ${name}`, owner.need, 'busybox')) continue
  if (owner.need === 'sshd') {
    mkdirSync('/run/sshd', { recursive: true })
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')])
  }
  const at = join(folder, `d-${name}`)
  mkdirSync(at)
  const [real, copy] = [join(at, 'file'), join(folder, `copy-${name}`)]
  const accepts = (path: string) =>
    spawnSync('sh', ['-c', owner.check.replace('%s', path)], { env, cwd: '/' }).status === 0

  test(`it accepts the beginning`, () => {
    writeFileSync(real, owner.base, { mode: 0o600 })
    assert.ok(accepts(real))
  })

  test(`are written as it accepts them, and stay as they are otherwise (seed ${seed})`, async () => {
    const counts: Record<string, Record<string, number>> = {}
    await fc.assert(
      fc.asyncProperty(edits(owner), async ({ begun, edit: { kind, make } }) => {
        writeFileSync(real, begun, { mode: 0o600 })
        copyFileSync(real, copy)
        // What comes of it unchecked is refused by us for reasons of its own, or is what its owner is asked about.
        const own = await carriedOut(make(copy))
        const now = readFileSync(copy, 'utf8')
        const wanted = own === undefined && (now === begun || accepts(copy))
        const why = await carriedOut(make(real, owner.check))
        assert.is(why === undefined, wanted, why ?? `it was written and ${name} refuses it`)
        assert.is(readFileSync(real, 'utf8'), wanted ? now : begun)
        assert.equal(readdirSync(at), ['file'])
        if (own === undefined && !wanted) assert.match(why!, `the new content of ${real} on here was refused by`)
        const outcome = now === begun ? 'same' : wanted ? 'written' : 'refused'
        const of = (counts[kind] ??= { written: 0, refused: 0, same: 0 })
        of[outcome] = of[outcome]! + 1
      }),
      { numRuns: Number(cases ?? 2), seed },
    )
    if (cases !== undefined) process.stdout.write(`\n${name}: seed ${seed}, ${JSON.stringify(counts)}\n`)
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
