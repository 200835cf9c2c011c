import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  addSection,
  editIni,
  getIni,
  IniError,
  iniProblems,
  readIni,
  removeSection,
} from '../../../../lib/modules/ini/text.ts'
import type { IniDialect, IniOptions } from '../../../../lib/modules/ini/text.ts'

const test = suite('ini cases')

type Sections = Record<string, Record<string, string[]>>
type OsloReads = { ok: true; sections: Sections } | { ok: false; error: string }
interface Outcome {
  readonly rc?: number | 'non-zero'
  readonly stdout?: string
  readonly file?: string | null
  readonly file_one_of?: readonly string[]
  readonly message?: string
  readonly warn?: string
}
interface Case {
  readonly id: string
  readonly group: string
  readonly title: string
  readonly argv: readonly string[]
  readonly stdin?: string
  readonly input: string | null
  readonly peer: {
    readonly crudini: Outcome
    readonly ansible_ini_file?: { readonly args?: { readonly values?: string[] } }
  }
  readonly want?: Outcome & Record<string, unknown>
  readonly oslo_reads_before?: OsloReads
  readonly oslo_reads_after?: OsloReads
}

const data = new URL('../../../cases/ini.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(data, 'utf8')) as { cases: Case[] }

// What crudini's command line does and these functions do not: they get a text and give a text.
const outOfScope: Record<string, readonly string[]> = {
  'usage of the command line': [
    'err-01',
    'err-02',
    'err-03',
    'err-04',
    'err-05',
    'err-06',
    'err-07',
    'err-10',
    'err-11',
    'sty-both',
    'mo-set-get',
    'mo-two-files',
    'mo-two-merges',
    'mo-conflict-2',
  ],
  'shell output format': ['get-section-sh', 'get-all-sh'],
  'must-exist belongs to whoever calls': [
    'ex-missing-file-section',
    'ex-missing-file-file-inplace',
    'ex-missing-file-section-inplace',
    'ex-missing-file-param-inplace',
    'ex-param-ok',
    'ex-bad-what',
    'ex-param-missing',
    'ex-section-key',
    'ex-section-mode-missing',
    'mg-existing-skip',
    'mg-section-case-existing',
    'del-missing-existing-glob',
    'del-missing-existing-DEF-hdr',
    'del-nosect-section',
    'del-noparam-param',
    'del-nosect-section-hdr',
    'del-noparam-param-hdr',
    'del-nofile-existing',
    'li-del-existing-nokey',
  ],
  'files are read and written elsewhere': ['get-missing-file', 'get-stdin'],
  'an edit always has a value: keys are never written bare': [
    'ne-set-skip1',
    'ne-set-skip2',
    'ne-set-skip3',
    'ne-set-col1',
    'ne-set-col2',
    'ne-set-skip4',
    'ne-upd-none',
    'ne-upd-list',
  ],
  'restyling a whole file touches lines that no edit names': [
    'ne-upd-nospace',
    'sty-nospace',
    'sty-space',
    'bl-sectionspace',
    'mo-interspersed',
  ],
  'an indented file is one that no service reads': [
    'ind-get',
    'ind-set-same',
    'ind-set-new',
    'ind-new-sec',
    'ind-copy-key',
  ],
}

const bareKeys = 'skip2=\nskip3 =\ncol1:\ncol2 :\ntwo words\nnever #tail\nnot ;tail\nmulti=v\n a\n\tb\n'

// Where a rule of ours decides and the case itself does not say so.
const ours: Record<string, { readonly file: string; readonly because: string }> = {
  'mg-case-new': { file: '[s]\nname1=v\nName2=v\n', because: 'a new line follows the spacing of its neighbours' },
  'mg-into-section': { file: 'k=1\n[s]\nk=2a\nk2=v\n', because: 'a new line follows the spacing of its neighbours' },
  'mg-section-case': { file: '[s1]\nk=1\n\n[S1]\nk=2\n', because: 'a new section follows the spacing of the file' },
  'set-DEFAULT-new-top-inplace': {
    file: '[DEFAULT]\ndebug=True\n[database]\nuri=x\n[keystone]\nport=1\n',
    because: 'a new section follows the spacing of the file',
  },
  'set-global-new-top-inplace': {
    file: 'debug=True\n[database]\nuri=x\n[keystone]\nport=1\n',
    because: 'a new line follows the spacing of the file',
  },
  'ne-set-new-empty': {
    file: `[mysqld]\nskip1\n${bareKeys}skip5=\n`,
    because: 'a new line follows the spacing of its neighbours',
  },
  'ne-upd-empty': {
    file: `[mysqld]\nskip1=\n${bareKeys}`,
    because: 'a key that gets its first value follows the spacing of the file',
  },
  'mg-default': { file: '[DEFAULT]\nk = v\n\n[s]\n', because: 'a new section is set apart, also from another new one' },
}

const looseOnly: Record<string, string> = {
  'set-colon': 'a comment behind a value is part of the value in oslo',
  'mg-section-case': 'section names that differ in case are one section in oslo',
  'x-section-case': 'section names that differ in case are one section in oslo',
  'li-bare-add': 'oslo knows no bare keys',
  'ne-upd-empty': 'oslo knows no bare keys',
  'crlf-same': 'the key stands above the first section',
}

interface Command {
  readonly mode: string
  readonly args: readonly string[]
  readonly list: boolean
}

const modes = ['--set', '--del', '--get', '--merge']
const flags = /^--(inplace|verbose|output=-|format=lines|list|list-sep=,?|existing=file|ini-options=(nospace)?)$/

function commandsOf(argv: readonly string[]): Command[] {
  const commands: { mode: string; args: string[]; list: boolean }[] = []
  const list = argv.includes('--list')
  for (const word of argv) {
    if (modes.includes(word)) commands.push({ mode: word, args: [], list })
    else if (word === 'FILE' || word === '-') continue
    else if (word.startsWith('--')) assert.ok(flags.test(word), `${word} is neither translated nor out of scope`)
    else commands.at(-1)!.args.push(word)
  }
  return commands
}

function perform(input: string, command: Command, one: Case, dialect: IniDialect): { file: string; stdout: string } {
  const { mode, args, list } = command
  const [section, key, value = ''] = args
  const options = { dialect, file: 'FILE' }
  if (mode === '--set') {
    if (key === undefined) return { file: addSection(input, section!, options), stdout: '' }
    const edit = list ? { section: section!, key, addItems: [value] } : { section: section!, key, value }
    return { file: editIni(input, [edit], options), stdout: '' }
  }
  if (mode === '--del') {
    if (key === undefined) return { file: removeSection(input, section!, options), stdout: '' }
    const edit = list ? { section: section!, key, removeItems: [value] } : { section: section!, key, absent: true }
    return { file: editIni(input, [edit], options), stdout: '' }
  }
  if (mode === '--merge') {
    let file = input
    for (const [from, keys] of readIni(one.stdin!, { dialect: 'loose' })) {
      const target = section ?? from
      file = addSection(file, target, options)
      for (const [name, values] of keys) {
        file = editIni(file, [{ section: target, key: name, value: values.at(-1)! }], options)
      }
    }
    return { file, stdout: '' }
  }
  return { file: input, stdout: get(input, args, one.argv.includes('--format=lines'), options) }
}

function get(input: string, [section, key]: readonly string[], lines: boolean, options: IniOptions): string {
  if (key !== undefined) {
    // The loose dialect refuses the file where crudini refuses the name; either way nothing is read.
    const value = getIni(input, section!, key, options).at(-1)
    if (value === undefined) throw new IniError('parameter not found', {})
    return `${value}\n`
  }
  const all = readIni(input, options)
  const defaults = new Map([...(all.get('') ?? []), ...(all.get('DEFAULT') ?? [])])
  if (section === undefined) {
    const others = [...all.keys()].filter((name) => name !== '' && name !== 'DEFAULT')
    return [...(defaults.size > 0 ? ['DEFAULT'] : []), ...others].map((name) => `${name}\n`).join('')
  }
  const own = section === 'DEFAULT' || section === '' ? defaults : (all.get(section) ?? new Map<string, string[]>())
  if (!lines) return [...own.keys()].map((name) => `${name}\n`).join('')
  return [...own]
    .map(([name, values]) => {
      const value = values.at(-1)!.replaceAll('\n', '\\n')
      return `[ ${section} ] ${name}${value === '' ? '' : ` = ${value}`}\n`
    })
    .join('')
}

// crudini alone is not named in `want`: then it is the standard.
function expectedOf(one: Case, dialect: IniDialect): Outcome {
  const { want, peer } = one
  if (ours[one.id]) return { file: ours[one.id]!.file }
  if (!want || want['default'] === 'as crudini') return peer.crudini
  // Keys are exact in both dialects: folding is an option of its own.
  const own = want[`dialect_${'dialect_fold' in want ? 'oslo' : dialect}`]
  if (own === undefined) return 'dialect_oslo' in want ? peer.crudini : want
  if (own === 'as crudini') return peer.crudini
  return typeof own === 'string' ? { rc: 'non-zero', message: own } : (own as Outcome)
}

function dialectsOf(one: Case): IniDialect[] {
  if (one.id in looseOnly || isAboveSections(one)) return ['loose']
  const reads = one.argv.includes('--get')
  if (reads && one.oslo_reads_before?.ok === false && !one.want) return ['loose']
  return ['oslo', 'loose']
}

/** Whether a command names no section: in the oslo dialect that is a wish for a file that no service reads. */
function isAboveSections(one: Case): boolean {
  if (one.argv.includes('--merge')) return !one.stdin!.startsWith('[') || one.argv.includes('')
  return commandsOf(one.argv).some(({ args }) => args[0] === '')
}

const scopedOut = new Set(Object.values(outOfScope).flat())

for (const one of cases) {
  if (scopedOut.has(one.id)) continue
  for (const dialect of dialectsOf(one)) {
    const note = ours[one.id]?.because ?? (one.want ? 'as wanted, not always as crudini' : 'as crudini')
    test(`${one.id}, ${dialect}: ${one.title} (${note})`, () => {
      const expected = expectedOf(one, dialect)
      const before = one.input ?? ''
      let file = before
      let stdout = ''
      const run = (): void => {
        if (one.id === 'x-multi-add') {
          const add = one.peer.ansible_ini_file!.args!.values!
          file = editIni(before, [{ section: 'DEFAULT', key: 'd', add }], { dialect })
          return
        }
        for (const command of commandsOf(one.argv)) ({ file, stdout } = perform(file, command, one, dialect))
      }
      if (expected.rc !== undefined && expected.rc !== 0) {
        assert.throws(run, (error: unknown) => {
          assert.instance(error, IniError)
          const line = /line (\d+)/.exec(expected.message ?? '')?.[1]
          if (line) assert.match((error as IniError).message, new RegExp(`^FILE:${line}: `))
          return true
        })
        assert.is(file, before)
        return
      }
      run()
      const toStdout = one.argv.includes('--output=-')
      if (expected.file_one_of) assert.ok(expected.file_one_of.includes(file), JSON.stringify(file))
      else assert.is(file, (toStdout ? expected.stdout : undefined) ?? expected.file ?? '')
      if (one.argv.includes('--get') && one.id !== 'x-multi-add') assert.is(stdout, expected.stdout)
      if (expected.warn && dialect === 'oslo') {
        assert.match(expected.warn, new RegExp(`^line ${iniProblems(before)[0]!.line} `))
      }
    })
  }
}

for (const one of cases) {
  const reads = one.oslo_reads_before
  if (!reads) continue
  test(`${one.id}: is read, or refused at the line, as oslo.config does`, () => {
    assertReadsLike(one.input ?? '', reads)
  })
}

for (const one of cases) {
  const reads = one.oslo_reads_after
  if (!reads || scopedOut.has(one.id) || typeof one.peer.crudini.file !== 'string') continue
  test(`${one.id}: what crudini leaves is read as oslo.config does`, () => {
    assertReadsLike(one.peer.crudini.file!, reads)
  })
}

test('every case is run or listed with a reason', () => {
  const ids = new Set(cases.map(({ id }) => id))
  assert.is(ids.size, 175)
  const listed = [...scopedOut, ...Object.keys(ours), ...Object.keys(looseOnly)]
  assert.equal(
    listed.filter((id) => !ids.has(id)),
    [],
  )
  const run = cases.filter(({ id }) => !scopedOut.has(id))
  assert.equal(
    run.filter(({ argv }) => commandsOf(argv).length === 0).map(({ id }) => id),
    [],
  )
  assert.is(run.length, cases.length - scopedOut.size)
})

test('x-unset-compat: the section that lost its last key goes when asked', () => {
  const one = cases.find(({ id }) => id === 'x-unset-compat')!
  const edit = { section: 'upgrade_levels', key: 'compute', absent: true }
  assert.is(editIni(one.input!, [edit], { pruneEmpty: true }), (one.want!['with_prune_empty'] as Outcome).file)
})

test('get-ci: letter case of keys is folded when asked', () => {
  const one = cases.find(({ id }) => id === 'get-ci')!
  assert.equal(getIni(one.input!, 's1', 'cAPS', { foldKeys: true }), ['mixed'])
})

test('x-section-case, mg-section-case: in oslo the section that differs in case is the one edited', () => {
  assert.is(editIni('[Database]\nk=1\n', [{ section: 'database', key: 'k', value: '2' }]), '[Database]\nk=2\n')
  assert.is(editIni('[s1]\nk=1\n', [{ section: 'S1', key: 'j', value: '2' }]), '[s1]\nk=1\nj=2\n')
})

function assertReadsLike(text: string, expected: OsloReads): void {
  if (expected.ok) {
    const read = Object.fromEntries([...readIni(text)].map(([name, keys]) => [name, Object.fromEntries(keys)]))
    assert.equal(read, expected.sections)
    return
  }
  const line = Number(/^line (\d+)/.exec(expected.error)?.[1])
  // oslo.config holds a value back until the next line, and so names a line below the key above the sections.
  // And it begins a line at a bare carriage return, where an editor does not.
  const early = expected.error.includes('must be started') ? 2 : /\r(?!\n)/.test(text) ? 1 : 0
  const lines = [line, line - 1, line - 2].slice(0, early + 1)
  assert.throws(
    () => readIni(text),
    (error: unknown) => error instanceof IniError && lines.includes(error.line!),
  )
}

test.run()
