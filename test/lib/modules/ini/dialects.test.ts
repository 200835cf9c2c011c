// Files of programs are edited, and read by the programs themselves before and after. More cases than `npm test` runs:
// SWITCHOVER_CASES=2000 node --import tsx test/lib/modules/ini/dialects.test.ts; SWITCHOVER_SEED=N runs some again.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { editIni, getIni, type IniDialect } from '../../../../lib/modules/ini/text.ts'
import { emptyDirectory } from '../../../rig/here.ts'
import { leftOut, type Need } from '../../../rig/needs.ts'

const runs = Number(process.env['SWITCHOVER_CASES'] ?? 8)
const seed = Number(process.env['SWITCHOVER_SEED'] ?? Date.now() % 1_000_000_000)
const folder = emptyDirectory()

/** Sections with their keys, as a program says them: names as it compares them. */
type Said = Readonly<Record<string, Readonly<Record<string, string>>>>

interface Program {
  readonly need: Need
  readonly file: string
  /** @throws when the program refuses the file */
  read(path: string, sections: readonly string[]): Said
  readonly sections: readonly string[]
  readonly keys: readonly string[]
  /** Values as they are written, and as the program reads them. */
  readonly values: Readonly<Record<string, string>>
  readonly comments: readonly string[]
  /** It takes a header that is indented for none, and the second of one name for another. */
  readonly strictHeaders?: boolean
  /** Ends a line that goes on in the next. */
  readonly joined?: string
}

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  assert.is(status, 0, `${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

function collect(lines: readonly (readonly [section: string, key: string, value: string])[]): Said {
  const said: Record<string, Record<string, string>> = {}
  for (const [section, key, value] of lines) (said[section] ??= {})[key] = value
  return said
}

const plain = { one: 'one', '/var/lib/x': '/var/lib/x', '10': '10' }
const programs: Readonly<Partial<Record<IniDialect, Program>>> = {
  mysql: {
    need: 'my_print_defaults',
    file: 'my.cnf',
    read: (path, sections) =>
      collect(
        sections.flatMap((section) =>
          run('my_print_defaults', `--defaults-file=${path}`, section)
            .split('\n')
            .filter(Boolean)
            .map((line) => {
              const [, key = '', value = ''] = /^--([^=]*)=?([^]*)$/.exec(line)!
              return [section, key.replaceAll('_', '-'), value] as const
            }),
        ),
      ),
    sections: ['mysqld', 'client', 'mysqld_safe'],
    keys: ['port', 'socket', 'bind-address', 'log_bin', 'datadir'],
    values: { ...plain, '"a # b"': 'a # b', '"x y"': 'x y' },
    comments: ['# note', '; note', '  # port = 1'],
  },
  git: {
    need: 'git',
    file: 'gitconfig',
    read: (path, _sections) =>
      collect(
        run('git', 'config', '-f', path, '--list', '-z')
          .split('\0')
          .filter(Boolean)
          .map((entry) => {
            const [name = '', ...value] = entry.split('\n')
            const at = name.lastIndexOf('.')
            return [name.slice(0, at), name.slice(at + 1), value.join('\n')] as const
          }),
      ),
    sections: ['core', 'user', 'color'],
    keys: ['editor', 'name', 'autocrlf', 'pager', 'ui'],
    values: { ...plain, '"a # b"': 'a # b', 'x \\"y\\"': 'x "y"', '"c; d"': 'c; d' },
    comments: ['# note', '; note', '\t# editor = x'],
    joined: '\\',
  },
  php: {
    need: 'php',
    file: 'php.ini',
    read: (path, _sections) => {
      const script = 'echo json_encode(parse_ini_file($argv[1], true, INI_SCANNER_RAW) ?: new stdClass);'
      return JSON.parse(run('php', '-n', '-r', script, path)) as Said
    },
    sections: ['PHP', 'Date', 'Session'],
    keys: ['memory_limit', 'date.timezone', 'display_errors', 'session.name', 'error_log'],
    values: { ...plain, '"a ; b"': 'a ; b', '256M': '256M' },
    comments: ['; note', '  ; memory_limit = 1M'],
    strictHeaders: true,
  },
  samba: {
    need: 'testparm',
    file: 'smb.conf',
    read: (path, _sections) => {
      const said: Record<string, Record<string, string>> = {}
      let section = ''
      for (const line of run('testparm', '-s', '--suppress-prompt', '-l', path).split('\n')) {
        section = (/^\[(.*)\]$/.exec(line)?.[1] ?? section).toLowerCase()
        const [, key, value] = /^\t(.*?) = (.*)$/.exec(line) ?? []
        // What it adds of its own.
        if (key !== undefined && !/^(available|idmap )/.test(key)) (said[section] ??= {})[key.toLowerCase()] = value!
      }
      return said
    },
    sections: ['data', 'public', 'other'],
    keys: ['comment', 'path', 'valid users', 'read list', 'fstype'],
    values: plain,
    comments: ['# note', '; note', '   # path = /x'],
    joined: '\\',
  },
}

for (const [dialect, program] of Object.entries(programs) as [IniDialect, Program][]) {
  const test = suite(`ini files of ${dialect}`)
  if (leftOut(`all of ${dialect}`, program.need)) continue
  const path = join(folder, program.file)
  const read = (text: string): Said => {
    writeFileSync(path, text)
    return program.read(path, program.sections)
  }
  const blanks = fc.constantFrom('', '', '  ', '\t')
  const pair = (keys: readonly string[]) =>
    fc
      .tuple(
        blanks,
        fc.constantFrom(...keys),
        fc.constantFrom('=', ' = ', '\t= '),
        fc.constantFrom(...Object.keys(program.values)),
        fc.constantFrom('', '', program.joined === undefined ? '' : ` ${program.joined}\n  more`),
      )
      .map(([indent, key, sign, value, more]) => indent + key + sign + value + (value.includes('"') ? '' : more))
  const line = fc.oneof(
    { weight: 4, arbitrary: pair(program.keys) },
    fc.constantFrom(...program.comments),
    fc.constant(''),
  )
  const section = fc
    .tuple(blanks, fc.constantFrom(...program.sections), fc.array(line, { maxLength: 6 }))
    .map(([indent, name, lines]) => [`${program.strictHeaders ? '' : indent}[${name}]`, ...lines].join('\n'))
  const file = fc
    .tuple(fc.array(fc.constantFrom(...program.comments, ''), { maxLength: 2 }), fc.array(section, { maxLength: 4 }))
    .map(([top, sections]) => [...top, ...sections, ''].join('\n'))
  const wished = fc.tuple(
    fc.constantFrom(...program.sections),
    fc.constantFrom(...program.keys),
    fc.option(fc.constantFrom(...Object.keys(program.values))),
  )

  test(`are read by ${program.need} as wished, and otherwise as before (seed ${seed})`, () => {
    fc.assert(
      fc.property(file, wished, (text, [section, key, value]) => {
        const headers = text.match(/^\[.*/gm) ?? []
        fc.pre(!program.strictHeaders || new Set(headers).size === headers.length)
        const before = read(text)
        const edit = value === null ? { section, key, absent: true } : { section, key, value }
        const after = editIni(text, [edit], { dialect })
        const name = dialect === 'mysql' ? key.replaceAll('_', '-') : key
        const expected = { ...before, [section]: { ...before[section] } } as Record<string, Record<string, string>>
        if (value === null) delete expected[section]![name]
        else expected[section]![name] = program.values[value]!
        const full = (said: Said) =>
          Object.fromEntries(Object.entries(said).filter(([, keys]) => Object.keys(keys).length))
        assert.equal(full(read(after)), full(expected), after)
        assert.is(editIni(after, [edit], { dialect }), after)
        if (value !== null) assert.is(getIni(after, section, key, { dialect }).at(-1), program.values[value])
        // Not one line that is not of the key changes.
        const others = (whole: string) => whole.split('\n').filter((one) => /^\s*[#;]/.test(one))
        assert.equal(others(after), others(text))
      }),
      { numRuns: runs, seed },
    )
  })

  test.run()
}

const faults = suite('ini files of programs: what was destroyed')

faults('an indented key below another stays, and one at the beginning is no fault', () => {
  const text = '[mysqld]\nport = 3306\n  socket = /run/x.sock\n'
  const edit = { section: 'mysqld', key: 'port', value: '3307' }
  assert.is(editIni(text, [edit], { dialect: 'mysql' }), text.replace('3306', '3307'))
  assert.throws(() => editIni(text, [edit], { dialect: 'loose' }), /«socket = …».* say whose file it is, with dialect/)
  const smb = '[global]\n   workgroup = A\n   server string = x\n'
  const wish = { section: 'GLOBAL', key: 'ServerString', value: 'y' }
  assert.is(editIni(smb, [wish], { dialect: 'samba' }), smb.replace('= x', '= y'))
  const added = editIni(smb, [{ section: 'global', key: 'path', value: '/x' }], { dialect: 'samba' })
  assert.is(added, `${smb}   path = /x\n`)
})

faults('a value of a unit goes with the lines that its backslashes join, and comments between them stay', () => {
  const unit = '[Service]\nExecStart=/bin/a \\\n  --one \\\n# why\n  --two\nUser=x\n'
  const edit = { section: 'Service', key: 'ExecStart', value: '/bin/b' }
  assert.is(editIni(unit, [edit], { dialect: 'systemd' }), '[Service]\nExecStart=/bin/b\n# why\nUser=x\n')
  assert.equal(getIni(unit, 'Service', 'ExecStart', { dialect: 'systemd' }), ['/bin/a --one --two'])
  const gone = editIni(unit, [{ section: 'Service', key: 'ExecStart', absent: true }], { dialect: 'systemd' })
  assert.is(gone, '[Service]\n# why\nUser=x\n')
  if (leftOut('whether systemd reads it', 'systemd-analyze')) return
  const path = join(folder, 'x.service')
  for (const text of [unit, editIni(unit, [edit], { dialect: 'systemd' })]) {
    writeFileSync(path, text.replaceAll(/\/bin\/[ab]/g, '/bin/echo').replace('User=x', 'User=root'))
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' })
    assert.not.match(stderr, /x\.service:\d+/)
  }
})

faults('what a value would not survive is refused', () => {
  for (const [dialect, value] of [
    ['mysql', 'a # b'],
    ['php', 'a ; b'],
    ['git', 'a # b'],
    ['systemd', 'a \\'],
    ['samba', 'two\nlines'],
  ] as const)
    assert.throws(() => editIni('[s]\n', [{ section: 's', key: 'k', value }], { dialect }), dialect)
})

faults('a section that differs by blanks alone is named, where it counts', () => {
  const edit = { section: 's', key: 'k', value: '1' }
  assert.throws(() => editIni('[ s ]\nk = 0\n', [edit]), /the file has \[ s \], which is another section/)
  assert.is(editIni('[ s ]\nk = 0\n', [edit], { dialect: 'samba' }), '[ s ]\nk = 1\n')
})

faults.run()
