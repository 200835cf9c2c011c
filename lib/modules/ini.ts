import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { Advice, operation } from '../model/operation.ts'
import type { Operation } from '../model/operation.ts'
import { Secret } from '../model/secret.ts'
import { editFile, editNames, type EditOptions, type Edited } from '../kit/edit-file.ts'
import type { Written } from '../kit/written.ts'
import { look } from '../kit/look.ts'
import { decode, editable, filePath, mustBeFile, type PathState } from '../kit/path-state.ts'
import { editIni, getIni, readIni, removeSection, type IniDialect, type IniEdit } from './ini/text.ts'

/** A text to write; booleans become True and False, as OpenStack spells them. */
export type Plain = string | number | boolean | Secret

/** What a key is to be: one value, several lines of it, or (null) not there at all. */
export type Setting = Plain | readonly Plain[] | null

/** Sections with their keys. */
export type Sections = Readonly<Record<string, Readonly<Record<string, Setting>>>>

/** How the file is read and written. */
export interface IniOptions extends EditOptions {
  /**
   * Who reads the file: `oslo`, OpenStack's services (unless said); `mysql`, `php`, `systemd`, `git` or `samba`;
   * `loose` for others, which is strict where programs differ.
   */
  readonly dialect?: IniDialect
}

const iniNames: OptionNames<IniOptions> = { ...editNames, dialect: true }

/**
 * Keys of an INI file; every other line stays as it is, comments and spacing included.
 * A list is a multi-valued key, null removes a key, a secret is written and never shown, nor is the value it replaces.
 *
 * ```ts
 * task('Point nova at the controller', { notify: restart }, (host) => ini.set('/etc/nova/nova.conf', {
 *   DEFAULT: { rabbit_host: host.vars.controllerIp, rabbit_password: host.vars.rabbitPassword, rabbit_port: null },
 *   upgrade_levels: { compute: 'icehouse-compat' },
 * }, { backup: true }))
 * ```
 */
export function set(path: string, sections: Sections, options: IniOptions = {}): Operation<Written> {
  refuseUnknown('ini.set', options, iniNames)
  const { dialect, ...meta } = options
  const reading = styleOf({ path, dialect })
  const wishes = Object.entries(sections).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, setting]): Wish => ({ section, key, setting })),
  )
  return editFile(`ini.set ${path} ${name(sections)}`, path, meta, (before): Edited => {
    const after = editIni(
      before,
      wishes.map((wish) => editOf(wish, reveal)),
      reading,
    )
    if (after === before) return { after }
    const secrets = wishes.filter(({ setting }) => secretsIn(setting).length > 0)
    // Where a secret is unchanged both sides must read the same, or the diff would tell of a change that there is not.
    const hide = (text: string) =>
      secrets.reduce((shown, wish) => {
        const { section, key } = wish
        const values = getIni(shown, section, key, reading)
        if (values.length === 0) return shown
        const wanted = [wish.setting].flat() as readonly Plain[]
        const masks = values.map((value) => {
          const same = wanted.find((one) => reveal(one) === value)
          return same === undefined ? `‹${key} before›` : String(same)
        })
        return editIni(shown, [{ section, key, values: masks }], reading)
      }, text)
    return {
      after,
      shown: { before: hide(before), after: hide(after) },
      secrets: secrets.flatMap(({ setting }) => secretsIn(setting)),
    }
  })
}

/**
 * The values of a key as its owner reads them, in file order; none when it is not set. Only looks.
 *
 * ```ts
 * const [workers = '1'] = await host.run(ini.get('/etc/nova/nova.conf', 'DEFAULT', 'osapi_compute_workers'))
 * ```
 * What it gives goes to the journal: do not read secrets with it.
 */
export function get(
  path: string,
  section: string,
  key: string,
  options: Pick<IniOptions, 'dialect'> = {},
): Operation<readonly string[]> {
  refuseUnknown('ini.get', options, { dialect: true })
  return readKey({ path: filePath(path), section, key, dialect: options.dialect })
}

/** A whole file: sections, their keys, and the values of each key in file order. */
export type Contents = { readonly [section: string]: { readonly [key: string]: readonly string[] } }

/**
 * Everything an INI file says. Only looks.
 *
 * ```ts
 * const conf = await host.on(host.vars.source).run(ini.read('/etc/cinder/cinder.conf'))
 * const [group = 'cinder-volumes'] = conf['DEFAULT']?.['volume_group'] ?? []
 * ```
 * It may hold secrets: use it inside a body, and do not return it from the task, because results go to the journal.
 */
export function read(path: string, options: Pick<IniOptions, 'dialect'> = {}): Operation<Contents> {
  refuseUnknown('ini.read', options, { dialect: true })
  return readWhole({ path: filePath(path), dialect: options.dialect })
}

/**
 * No section of this name; the rest of the file stays as it is. A missing file has none.
 *
 * ```ts
 * task('Unpin compute', ini.absent('/etc/nova/nova.conf', 'upgrade_levels'))
 * ```
 */
export function absent(path: string, section: string, options: IniOptions = {}): Operation<Written> {
  refuseUnknown('ini.absent', options, iniNames)
  const { dialect, ...meta } = options
  const reading = styleOf({ path, dialect })
  return editFile(`ini.absent ${path} [${section}]`, path, { ...meta, nothingToRemove: true }, (before) => ({
    after: removeSection(before, section, reading),
  }))
}

function secretsIn(setting: Setting): readonly Secret[] {
  return [setting].flat().filter((value) => value instanceof Secret)
}

interface Wish {
  readonly section: string
  readonly key: string
  readonly setting: Setting
}

interface Reading {
  readonly path: string
  readonly dialect: IniDialect | undefined
}

const readKey = operation<Reading & { section: string; key: string }, PathState, readonly string[]>(
  ({ path, section, key }) => `ini.get ${path} [${section}] ${key}`,
  {
    foresees: true,
    read: (connection, { path }) => look(connection, path, { content: editable }),
    plan: (state, { section, key, ...reading }) => ({
      result: getIni(textOf(state), section, key, styleOf(reading)),
    }),
  },
)

const readWhole = operation<Reading, PathState, Contents>(({ path }) => `ini.read ${path}`, {
  foresees: true,
  read: (connection, { path }) => look(connection, path, { content: editable }),
  plan(state, reading) {
    const sections = readIni(textOf(state), styleOf(reading))
    return { result: Object.fromEntries([...sections].map(([section, keys]) => [section, Object.fromEntries(keys)])) }
  },
})

function textOf(state: PathState): string {
  const { path, exists, content, size } = state
  if (!exists)
    throw new Advice(`${path} cannot be read: there is no such file`, 'check the path, and the task that makes it')
  mustBeFile(state)
  if (!content)
    throw new Advice(
      `${path} cannot be read: its ${size} bytes are more than the ${editable} that are taken`,
      'read it with a command on the host',
    )
  return decode(content).text
}

function styleOf({ path, dialect }: Reading): { readonly file: string; readonly dialect?: IniDialect } {
  return { file: path, ...(dialect === undefined ? {} : { dialect }) }
}

function editOf({ section, key, setting }: Wish, show: (value: Plain) => string): IniEdit {
  if (setting === null) return { section, key, absent: true }
  if (Array.isArray(setting)) {
    const values = (setting as readonly Plain[]).map(show)
    return values.length === 0 ? { section, key, absent: true } : { section, key, values }
  }
  return { section, key, value: show(setting as Plain) }
}

function reveal(value: Plain): string {
  if (value instanceof Secret) return value.reveal()
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
}

function name(sections: Sections): string {
  return Object.entries(sections)
    .map(([section, keys]) => `[${section}] ${Object.keys(keys).join(', ')}`)
    .join(' ')
}
