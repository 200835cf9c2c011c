// Whatever is done is done once: the operations that write on a host, with generated arguments on generated folders.
// Check mode says what the run then does, and touches nothing; done again, each says ok and leaves every file alone.
// More cases: npm run test:owners; SWITCHOVER_SEED=N runs some again.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Operation, Value } from '../../../lib/model/operation.ts'
import { play } from '../../../lib/model/playbook.ts'
import { archive, block, cron, file, find, hosts, ini, line, replace } from '../../../lib/modules/index.ts'
import { template, templateFile } from '../../../lib/modules/index.ts'
import { emptyDirectory, here, type Shell, shells } from '../../rig/here.ts'
import { aHost, inventoryOf } from '../../rig/hosts.ts'
import { has } from '../../rig/needs.ts'
import { runs } from '../../rig/runs.ts'

const cases = process.env['SWITCHOVER_CASES']
// Always the same in `npm test`: the long run finds what is new.
const seed = Number(process.env['SWITCHOVER_SEED'] ?? (cases === undefined ? 7 : Date.now() % 1_000_000_000))

const test = suite('what is done twice')
const folder = emptyDirectory()
const root = join(folder, 'host')
// Of the controller machine.
const own = join(folder, 'own')
mkdirSync(join(own, 'tree/sub'), { recursive: true })
writeFileSync(join(own, 'tree/a'), 'one\n')
writeFileSync(join(own, 'tree/sub/b'), 'two\n', { mode: 0o755 })
symlinkSync('a', join(own, 'tree/link'))
writeFileSync(join(own, 'text.eta'), 'workers = <%= it.workers %>\n')
writeFileSync(join(own, 'bytes'), Buffer.from([0, 255, 10, 13]))

/** What lies in a folder before anything is done. */
type Thing = { readonly file: string; readonly mode: number } | { readonly link: string } | 'folder'
interface Step {
  readonly make: () => Operation<Value>
  readonly [fc.toStringMethod]: () => string
}
type Making = { readonly args: readonly unknown[]; readonly make: () => Operation<Value> }

const names = ['a', 'b', 'sub', 'sub/a', 'sub/b c', "it's", 'link']
const at = (name: string) => join(root, name)
const name = fc.constantFrom(...names, 'none/a')

const lineOf = fc.constantFrom(
  ...['workers = 4', 'workers = 8', 'workers=4', 'workers', '[app]', '[db]', 'x = 1', '# workers = 2', '', ' x = 2'],
  ...[
    '10.0.0.1 web web.example.org',
    '10.0.0.2 db',
    '# BEGIN switchover managed block',
    'x',
    'é',
    '* * * * * root true',
  ],
  ...['# END switchover managed block', 'net.ipv4.ip_forward = 1', 'tmpfs /data tmpfs defaults 0 0', '# switchover: x'],
)
const text = fc
  .tuple(
    fc.array(lineOf, { maxLength: 5 }),
    fc.constantFrom('\n', '\n', '\n', '\r\n'),
    fc.constantFrom('', '', '', '\ufeff'),
    fc.boolean(),
  )
  .map(([lines, end, mark, ended]) => mark + lines.join(end) + (ended && lines.length > 0 ? end : ''))
const fileMode = fc.constantFrom(0o644, 0o600, 0o444, 0o755)
const thing: fc.Arbitrary<Thing> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ file: text, mode: fileMode }) },
  { weight: 1, arbitrary: fc.record({ link: fc.constantFrom('a', 'b', 'none', 'sub', '../host/a') }) },
  { weight: 1, arbitrary: fc.constant<Thing>('folder') },
)
const before = fc.dictionary(fc.constantFrom(...names), thing, { maxKeys: 4, noNullPrototype: true })

const some = <T>(of: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(of, { requiredKeys: [] }) as fc.Arbitrary<T>
const mode = fc.constantFrom('0644', '0600', '644', '0750')
const me = fc.constantFrom(...(has('root') ? ['root', 'daemon', '0'] : [String(userInfo().uid)]))
const attributes = { mode, owner: me, group: me, follow: fc.boolean() }
const meta = some({ ...attributes, backup: fc.boolean(), validate: fc.constantFrom('test -e %s', 'grep -q . %s') })
const editMeta = some({ mode, backup: fc.boolean(), create: fc.constantFrom(true, true, true, false) })
const pattern = fc.constantFrom(/workers/, /^workers/, /^x/m, /=\s*\d/, /^\[app\]/m, /(\w+) = (\d+)/, /$/)
const anchors = fc.oneof(
  fc.constant({}),
  fc.constantFrom<RegExp | 'EOF'>(/app/, /x/, 'EOF').map((insertAfter) => ({ insertAfter })),
  fc.constantFrom<RegExp | 'BOF'>(/db/, 'BOF').map((insertBefore) => ({ insertBefore })),
)
const search = fc.constantFrom('workers', '=', 'x')
const key = fc.constantFrom('workers', 'x', 'a b')
const setting = fc.constantFrom<ini.Setting>(4, '8', true, null, '', ['1', '2'], 'é', 'a = b', '# no')
const marker = fc.constantFrom('# {mark} x', '<!-- {mark} -->', '; {mark} of us')

const does = <A extends readonly unknown[]>(
  make: (...args: A) => Operation<Value>,
  ...args: { readonly [K in keyof A]: fc.Arbitrary<A[K]> }
): fc.Arbitrary<Making> =>
  fc.tuple(...(args as readonly fc.Arbitrary<unknown>[])).map((given) => ({
    args: given,
    make: () => make(...(given as unknown as A)),
  }))

const steps: Readonly<Record<string, fc.Arbitrary<Making>>> = {
  'archive.create': does(
    (path, what) => archive.create(at(`${path}.tar`), what, { from: root }),
    name,
    fc.constantFrom('a', 'sub', '.'),
  ),
  'block.absent': does((path, o) => block.absent(at(path), o), name, some({ marker })),
  'block.present': does(
    (path, lines, o, p, q) => block.present(at(path), lines, { ...o, ...p, ...q }),
    name,
    text,
    editMeta,
    anchors,
    some({ marker }),
  ),
  'cron.file': does(
    (path, o) => cron.file(path, [{ user: 'root', job: 'true', minute: 5 }], { directory: root, ...o }),
    fc.constantFrom('a', 'b'),
    some({ mode, backup: fc.boolean() }),
  ),
  'file.absent': does((path) => file.absent(at(path)), name),
  'file.attributes': does((path, o) => file.attributes(at(path), o), name, some(attributes)),
  'file.backup': does((path) => file.backup(at(path)), name),
  'file.content': does((path, content, o) => file.content(at(path), content, o), name, text, meta),
  'file.copy': does((path, o) => file.copy(join(own, 'bytes'), at(path), o), name, meta),
  'file.directory': does((path, o) => file.directory(at(path), o), name, some(attributes)),
  'file.link': does((path, to) => file.link(at(path), to), name, fc.constantFrom(...names, 'none')),
  'file.mode': does(
    (path, wanted, recursive) => file.mode(at(path), wanted, { recursive }),
    name,
    fc.constantFrom('0640', 'go-w', 'u+x', 'a+rX', 'g=u', '755'),
    fc.boolean(),
  ),
  'file.owner': does((path, owner, recursive) => file.owner(at(path), owner, { recursive }), name, me, fc.boolean()),
  'file.restore': does((path) => file.restore(at(path), { ifSaved: true }), name),
  'file.tree': does(
    (path, o) => file.tree(join(own, 'tree'), at(path), o),
    name,
    some({ mode: fc.constantFrom('u=rwX,go=rX', 'go-w'), delete: fc.boolean(), owner: me }),
  ),
  'find.absent': does(
    (path, o) => find.absent(at(path), o),
    name,
    some({ name: fc.constantFrom('a', '*'), depth: fc.constantFrom(1, 2) }),
  ),
  'hosts.absent': does(
    (path, what) => hosts.absent(what, { path: at(path) }),
    name,
    fc.constantFrom('web', '10.0.0.2', 'db'),
  ),
  'hosts.entry': does(
    (path, address, what, o) => hosts.entry(address, what, { path: at(path), ...o }),
    name,
    fc.constantFrom('10.0.0.1', '10.0.0.3', '::1'),
    fc.constantFrom<string | readonly string[]>('web', 'db', ['web', 'new']),
    some({ exact: fc.boolean(), shared: fc.boolean(), backup: fc.boolean() }),
  ),
  'ini.absent': does((path, section) => ini.absent(at(path), section), name, fc.constantFrom('app', 'db', 'x')),
  'ini.set': does(
    (path, sections, o) => ini.set(at(path), sections, o),
    name,
    fc.dictionary(fc.constantFrom('app', 'db', ''), fc.dictionary(key, setting)),
    editMeta,
  ),
  'line.absent': does(
    (path, o) => line.absent(at(path), o),
    name,
    fc.oneof(fc.record({ line: lineOf }), fc.record({ regexp: pattern }), fc.record({ search })),
  ),
  'line.present': does(
    (path, one, o, p, q, r) => line.present(at(path), { line: one, ...o, ...p, ...q, ...r }),
    name,
    fc.constantFrom('workers = 4', 'x', '', '$1 = 9', 'é'),
    editMeta,
    anchors,
    fc.oneof(fc.constant({}), some({ regexp: pattern, backrefs: fc.boolean() }), fc.record({ search })),
    some({ firstMatch: fc.boolean() }),
  ),
  replace: does(
    (path, what, by, o) => replace(at(path), what, by, o),
    name,
    pattern,
    fc.constantFrom('workers', 'x = 1', '', '$& y', 'workers = 2'),
    some({ mode, backup: fc.boolean() }),
  ),
  template: does((path, content, o) => template(at(path), content, o), name, text, meta),
  templateFile: does((path, o) => templateFile(join(own, 'text.eta'), at(path), { workers: 4 }, o), name, meta),
}

const step = fc.oneof(
  ...Object.entries(steps).map(([said, one]) =>
    one.map(({ args, make }): Step => ({ make, [fc.toStringMethod]: () => `${said}${fc.stringify(args)}` })),
  ),
)

for (const shell of shells.filter(({ name }) => name !== 'bash --posix')) {
  const hosts = onThisMachine(shell)
  test(`check mode says what is done, and done again it is ok, under ${shell.name} (seed ${seed})`, async () => {
    const counts: Record<string, number> = {}
    await fc.assert(
      fc.asyncProperty(before, fc.array(step, { minLength: 1, maxLength: 3 }), async (things, list) => {
        const made = list.flatMap(({ make }) => operationOf(make) ?? [])
        if (made.length < list.length) return
        furnish(things)
        const plays = [
          play('P', { hosts: 'all' }, ({ task }) => {
            for (const [i, { make }] of list.entries()) task(String(i), { ignoreErrors: true }, make())
          }),
        ]
        for (const time of ['first', 'again']) {
          const was = there(root)
          const said = await ends(hosts, plays, true)
          assert.equal(there(root), was, `${time}: check mode changes nothing`)
          const done = await ends(hosts, plays, false)
          const is = there(root)
          for (const [i, end] of said.entries())
            if (!end.startsWith('unknown'))
              assert.is(end, done[i], `${time}: check mode says of ${i} ${end}, and ${done[i]} it is`)
          if (done.every((end) => end === 'ok')) assert.equal(is, was, `${time}: what is ok is left alone`)
          else if (done.length === 1 && done[0] === 'changed') assert.not.equal(is, was, `${time}: changed is changed`)
          if (time === 'again' && done.length === 1) assert.is.not(done[0], 'changed', 'it is changed once')
          for (const end of done) counts[end.split(':')[0]!] = (counts[end.split(':')[0]!] ?? 0) + 1
        }
      }),
      { numRuns: Number(cases ?? 4), seed, includeErrorInReport: true },
    )
    if (cases !== undefined) process.stdout.write(`\n${shell.name}: seed ${seed}, ${JSON.stringify(counts)}\n`)
  })
}

test.run()

function onThisMachine(shell: Shell) {
  const connection = here({ shell })
  return {
    inventory: inventoryOf(aHost('here')),
    transport: { connection: () => connection, close: () => Promise.resolve() },
  }
}

/** How each task ends; of those that fail the reason, too. */
async function ends(of: ReturnType<typeof onThisMachine>, plays: Parameters<typeof runs>[1], check: boolean) {
  const { events } = await runs(of, plays, { check })
  return events.flatMap((event) => {
    if (event.type !== 'task-finished') return []
    if (event.status === 'skipped') return [`unknown: ${JSON.stringify(event)}`]
    return [event.failure ? `failed: ${event.failure.reason}` : event.status]
  })
}

/** What authors are told at once has no end of its own. */
function operationOf(make: () => Operation<Value>): Operation<Value> | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

function furnish(things: Readonly<Record<string, Thing>>): void {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root)
  for (const [what, thing] of Object.entries(things).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = at(what)
    // What is to lie in a folder makes it, where nothing else is in its way.
    const parent = lstatSync(join(path, '..'), { throwIfNoEntry: false })
    if (!parent) mkdirSync(join(path, '..'))
    else if (!parent.isDirectory()) continue
    if (thing === 'folder') mkdirSync(path)
    else if ('link' in thing) symlinkSync(thing.link, path)
    else {
      writeFileSync(path, thing.file)
      chmodSync(path, thing.mode)
    }
  }
}

/** All that lies in a folder: kinds, modes, owners, contents, and when and where they were written. */
function there(path: string): readonly string[] {
  const is = lstatSync(path)
  const kind = is.isDirectory() ? 'folder' : is.isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'latin1')
  const line = [path, kind, is.mode.toString(8), is.uid, is.gid, is.ino, is.mtimeMs].join(' ')
  if (!is.isDirectory()) return [line]
  return [
    line,
    ...readdirSync(path)
      .sort()
      .flatMap((name) => there(join(path, name))),
  ]
}
